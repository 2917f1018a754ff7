#include "experiment/load_url.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

void ExpectUrl(const char* text, const char* origin, const char* host, uint16_t port,
               const char* target) {
  const Result<LoadUrl> url = ParseLoadUrl(text);
  ASSERT_TRUE(url) << text;
  EXPECT_EQ(url->origin(), origin) << text;
  EXPECT_EQ(url->host, host) << text;
  EXPECT_EQ(url->port, port) << text;
  EXPECT_EQ(url->target, target) << text;
}

TEST(LoadUrl, HasSchemeHostPortPathAndQuery) {
  ExpectUrl("http://127.0.0.1:3000/items?id=1", "http://127.0.0.1:3000", "127.0.0.1", 3000,
            "/items?id=1");
  ExpectUrl("HTTPS://LocalHost:8443/A", "https://localhost:8443", "localhost", 8443, "/A");
}

TEST(LoadUrl, PortPathAndSchemeGoWithoutSaying) {
  ExpectUrl("http://localhost", "http://localhost", "localhost", 80, "");
  ExpectUrl("https://localhost/", "https://localhost", "localhost", 443, "/");
  ExpectUrl("localhost:3000/a", "http://localhost:3000", "localhost", 3000, "/a");
  ExpectUrl("localhost:3000?x=http://y", "http://localhost:3000", "localhost", 3000,
            "/?x=http://y");
}

TEST(LoadUrl, AnIpv6AddressStandsInBrackets) {
  ExpectUrl("http://[::1]:3000/", "http://[::1]:3000", "::1", 3000, "/");
  ExpectUrl("http://[::1]", "http://[::1]", "::1", 80, "");
}

TEST(LoadUrl, AFragmentIsNotSent) {
  ExpectUrl("http://localhost/a#top", "http://localhost", "localhost", 80, "/a");
}

TEST(LoadUrl, WhatIsNoneIsRefusedWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "empty"},
      {"http://", "host is missing"},
      {"http:///a", "host is missing"},
      {"ftp://localhost/", "only http and https"},
      {"http://localhost:99999/", "no port"},
      {"http://localhost:0/", "no port"},
      {"http://localhost:/", "port is missing"},
      {"http://localhost:80x/", "no port"},
      {"http://a b/", "space"},
      {"http://localhost/\r\nX:y", "control character"},
      {"http://me:secret@localhost/", "-A"},
      {"http://::1/", "[ ]"},
      {"http://[::1/", "missing"},
      {"http://[localhost]/", "IPv6"},
      {"http://[::1]x/", "colon"},
  };
  for (const auto& [text, reason] : cases) {
    const Result<LoadUrl> url = ParseLoadUrl(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::kUsage);
    EXPECT_NE(url.error().message.find(reason), std::string::npos) << url.error().message;
  }
}

TEST(LoadUrl, AnotherMachinesNameIsNotEvenLookedUp) {
  const Result<LoadAddress> address =
      FindLoadAddress(*ParseLoadUrl("http://example.org/"), RemoteHosts::kRefused);
  ASSERT_FALSE(address);
  EXPECT_NE(address.error().message.find("--allow-remote"), std::string::npos);
}

TEST(LoadUrl, LocalhostIsALoopbackAddressThatKeepsItsName) {
  const Result<LoadAddress> address =
      FindLoadAddress(*ParseLoadUrl("https://localhost:1/"), RemoteHosts::kRefused);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_EQ(address->name, "localhost:1");
  EXPECT_EQ(address->server_name, "localhost");
  EXPECT_TRUE(address->tls);
}

}  // namespace
}  // namespace leaktrail
