#include "experiment/http_response.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

using State = HttpResponse::State;

// In pieces of every size: where the network cuts is not for us to choose.
void ExpectDone(std::string_view text, int status, bool keeps_alive) {
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    HttpResponse response;
    response.Begin(false);
    size_t taken = 0;
    while (taken < text.size() && response.state() != State::kDone) {
      taken += response.Take(text.substr(taken, piece));
      ASSERT_NE(response.state(), State::kMalformed);
    }
    EXPECT_EQ(response.state(), State::kDone);
    EXPECT_EQ(taken, text.size());
    EXPECT_EQ(response.status(), status);
    EXPECT_EQ(response.keeps_alive(), keeps_alive);
  }
}

TEST(HttpResponse, ABodyOfKnownLengthEndsThere) {
  ExpectDone("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true);
}

TEST(HttpResponse, ChunksEndWithAnEmptyOne) {
  ExpectDone(
      "HTTP/1.1 201 C\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n",
      201, true);
}

TEST(HttpResponse, AnInterimAnswerIsNotTheAnswer) {
  ExpectDone("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, true);
}

TEST(HttpResponse, ConnectionCloseIsSeen) {
  ExpectDone("HTTP/1.1 404 N\r\nconnection: Close\r\nContent-Length: 0\r\n\r\n", 404, false);
}

TEST(HttpResponse, WithoutALengthItEndsWithTheConnection) {
  HttpResponse response;
  response.Begin(false);
  response.Take("HTTP/1.0 200 OK\r\n\r\nanything");
  EXPECT_EQ(response.state(), State::kBody);
  EXPECT_TRUE(response.EndsAtClose());
  EXPECT_FALSE(response.keeps_alive());
}

TEST(HttpResponse, AnAnswerToHeadHasNoBody) {
  HttpResponse response;
  response.Begin(true);
  response.Take("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(response.state(), State::kDone);
}

TEST(HttpResponse, WhatIsNotHttpIsMalformed) {
  for (const char* text : {"SSH-2.0-x\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    HttpResponse response;
    response.Begin(false);
    response.Take(text);
    EXPECT_EQ(response.state(), State::kMalformed) << text;
  }
}

TEST(HttpResponse, WhatComesBehindTheAnswerIsNotTaken) {
  HttpResponse response;
  response.Begin(false);
  EXPECT_EQ(response.Take("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naXX"), 39u);
}

TEST(HttpResponse, WhatIsNotHttpIsSeenBeforeItEnds) {
  for (const char* text : {"SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x01", "HTTP/2 200"}) {
    HttpResponse response;
    response.Begin(false);
    response.Take(text);
    EXPECT_EQ(response.state(), State::kMalformed) << text;
  }
}

TEST(HttpResponse, BytesOfTheBodyAreCountedWithoutFrames) {
  for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                           "HTTP/1.0 200 OK\r\n\r\nhello"}) {
    HttpResponse response;
    response.Begin(false);
    const std::string_view all = text;
    for (size_t at = 0; at < all.size();) at += response.Take(all.substr(at, 7));
    EXPECT_EQ(response.body_bytes(), 5u) << text;
  }
}

}  // namespace
}  // namespace leaktrail
