#include "base/socket_address.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(SocketAddress, NumbersOfBothFamiliesAreAddresses) {
  const auto v4 = NumericAddress("127.0.0.1", 3000), v6 = NumericAddress("::1", 3000);
  ASSERT_TRUE(v4 && v6);
  EXPECT_EQ(v4->family(), AF_INET);
  EXPECT_EQ(v6->family(), AF_INET6);
  EXPECT_EQ(v4->port(), 3000);
  EXPECT_EQ(v6->port(), 3000);
}

TEST(SocketAddress, OnlyThisMachineIsLoopback) {
  for (const char* host : {"127.0.0.1", "127.9.8.7", "::1"}) {
    EXPECT_TRUE(NumericAddress(host, 1)->is_loopback()) << host;
  }
  for (const char* host : {"128.0.0.1", "10.0.0.1", "0.0.0.0", "::", "fe80::1"}) {
    EXPECT_FALSE(NumericAddress(host, 1)->is_loopback()) << host;
  }
}

TEST(SocketAddress, NamesAndHalfNumbersAreNone) {
  for (const char* host : {"localhost", "", "127.1", "[::1]", "1.2.3.4.5"}) {
    EXPECT_FALSE(IsNumericHost(host)) << host;
  }
}

}  // namespace
}  // namespace leaktrail
