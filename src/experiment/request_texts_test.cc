#include "experiment/request_texts.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(RequestTexts, APlainGetNamesTheHostAndEndsWithAnEmptyLine) {
  const LoadAddress address{"127.0.0.1", 3000};
  EXPECT_EQ(
      RequestTexts(address, {}, true),
      std::vector<std::string>{"GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nAccept: */*\r\n\r\n"});
}

TEST(RequestTexts, ABodyHasItsLengthAndType) {
  LoadRequest request;
  request.method = "POST";
  request.body = "a=1";
  request.content_type = "text/plain";
  const std::string text = RequestTexts({"::1", 80}, request, false).front();
  EXPECT_EQ(text,
            "POST / HTTP/1.1\r\nHost: [::1]:80\r\nAccept: */*\r\nContent-Type: text/plain\r\n"
            "Content-Length: 3\r\nConnection: close\r\n\r\na=1");
}

TEST(RequestTexts, AHeaderOfTheUsersReplacesOurs) {
  LoadRequest request;
  request.headers = {"HOST: shop.example", "accept: text/html", "Connection: keep-alive"};
  EXPECT_EQ(RequestTexts({"127.0.0.1", 1}, request, false).front(),
            "GET / HTTP/1.1\r\nHOST: shop.example\r\naccept: text/html\r\n"
            "Connection: keep-alive\r\n\r\n");
}

TEST(RequestTexts, BasicAuthorizationIsThatOfTheRfc) {
  EXPECT_EQ(BasicAuthorization("Aladdin:open sesame"),
            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(BasicAuthorization("a:b"), "Authorization: Basic YTpi");
  EXPECT_EQ(BasicAuthorization("a:bc"), "Authorization: Basic YTpiYw==");
  EXPECT_EQ(BasicAuthorization("a:bcd"), "Authorization: Basic YTpiY2Q=");
}

}  // namespace
}  // namespace leaktrail
