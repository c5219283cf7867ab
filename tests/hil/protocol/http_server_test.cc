#include "hil/protocol/http_server.h"

#include <gtest/gtest.h>

#include <string>

#include "hil/protocol/http_client.h"
#include "hil/protocol/http_router.h"
#include "tests/hil/protocol/http_test_text.h"

namespace dustproof {
namespace {

HttpReply Say(std::string_view text) {
  return {.response = HttpResponse::With(200, "text/plain", text)};
}

/// "/slow" takes two seconds, "/drop" hangs up, the rest say their path.
HttpReply Answer(SimTime, const StreamPeer&, const HttpRequest& request) {
  HttpReply reply = Say(request.path());
  if (request.path() == "/slow") reply.delay = SimDuration::Seconds(2);
  reply.drop_connection = request.path() == "/drop";
  return reply;
}

class HttpServerTest : public testing::Test {
 protected:
  std::string Exchange(std::string_view text, SimTime now = At(0)) {
    core->OnBytes(now, ToBytes(text));
    return Text(core->TakeOutput());
  }
  HttpService service{HttpService::Config{}, Answer};
  std::unique_ptr<StreamCore> core = service.Accept(At(0), {});
};

constexpr std::string_view kAnswerToA =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n/a";

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  EXPECT_EQ(Exchange("GET /a HTTP/1.1\r\nHost: c\r\n\r\n"), kAnswerToA);
  EXPECT_FALSE(core->wants_close());
  EXPECT_EQ(core->next_timer(), At(75));
  core->OnTimer(At(75));
  EXPECT_TRUE(core->wants_close());
  EXPECT_FALSE(core->has_output());
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  EXPECT_EQ(Exchange("HEAD /a HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: "
            "close\r\n\r\n");
  EXPECT_TRUE(core->wants_close());
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  EXPECT_EQ(Exchange("GET /slow HTTP/1.1\r\nHost: c\r\n\r\nGET /a HTTP/1.1\r\nHost: c\r\n\r\n"),
            "");
  EXPECT_EQ(core->next_timer(), At(2));
  core->OnTimer(At(2));
  EXPECT_EQ(Text(core->TakeOutput()),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n/slow" +
                std::string(kAnswerToA));
}

TEST_F(HttpServerTest, HangsUpWithoutAWord) {
  EXPECT_EQ(Exchange("GET /drop HTTP/1.1\r\nHost: c\r\n\r\n"), "");
  EXPECT_TRUE(core->wants_close());
}

TEST_F(HttpServerTest, SaysWhyItDoesNotUnderstand) {
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(core->wants_close());
}

TEST_F(HttpServerTest, EndsARequestThatNeverEnds) {
  EXPECT_EQ(Exchange("GET / HT", At(5)), "");
  EXPECT_EQ(Exchange("TP/1.1\r\n", At(20)), "");  // A drip does not put the end off.
  EXPECT_EQ(core->next_timer(), At(35));
  core->OnTimer(At(35));
  EXPECT_EQ(Text(core->TakeOutput()).substr(0, 12), "HTTP/1.1 408");
  EXPECT_TRUE(core->wants_close());
}

TEST_F(HttpServerTest, SendsContinueOnce) {
  const std::string head =
      "PUT /a HTTP/1.1\r\nHost: c\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(Exchange(head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(Exchange("x"), "");
  EXPECT_EQ(Exchange("y"), kAnswerToA);
}

TEST(HttpRouterTest, FindsByMethodAndPath) {
  HttpRouter router;
  router.Add("GET", "/v1/robots", [](const HttpCall&) { return Say("all"); });
  router.Add("GET", "/v1/robots/{name}/map",
             [](const HttpCall& call) { return Say("map of " + call.parameters.at("name")); });
  router.Add("PUT", "/v1/logs/*", [](const HttpCall&) { return Say("log"); });
  const auto handle = [&](const std::string& method, const std::string& target) {
    const HttpReply reply = router.Handle(At(0), {}, {.method = method, .target = target});
    return std::to_string(reply.response.status) + " " + Text(reply.response.body);
  };
  EXPECT_EQ(handle("GET", "/v1/robots?page=1"), "200 all");
  EXPECT_EQ(handle("HEAD", "/v1/robots"), "200 all");
  EXPECT_EQ(handle("GET", "/v1/robots/r%201/map"), "200 map of r 1");
  EXPECT_EQ(handle("PUT", "/v1/logs/2026/03"), "200 log");
  EXPECT_EQ(handle("DELETE", "/v1/robots").substr(0, 3), "405");
  EXPECT_EQ(handle("GET", "/v1/robots/").substr(0, 3), "404");
  EXPECT_EQ(handle("GET", "/v1/robots//map").substr(0, 3), "404");
  EXPECT_EQ(handle("PUT", "/v1/logs").substr(0, 3), "404");
  EXPECT_EQ(handle("GET", "/").substr(0, 3), "404");
}

/// A client and a server, back to back.
class HttpClientTest : public testing::Test {
 protected:
  void Pump(SimTime now) {
    for (int i = 0; i < 10; ++i) {
      if (client.has_output()) server->OnBytes(now, client.TakeOutput());
      if (server->has_output()) client.OnBytes(now, server->TakeOutput());
    }
    if (server->wants_close()) client.OnClose(now);
  }
  void Ask(const std::string& target, SimTime now) {
    client.Request(now, {.target = target, .headers = {{"Host", "c"}}},
                   [this](SimTime, const Result<HttpResponse>& r) {
                     heard += r.ok() ? Text(r->body) + " "
                                     : "failed: " + r.error().diagnostics[0].message + " ";
                   });
  }
  HttpService service{HttpService::Config{}, Answer};
  std::unique_ptr<StreamCore> server = service.Accept(At(0), {});
  HttpClientConnection client{HttpClientConnection::Config{}};
  std::string heard;
};

TEST_F(HttpClientTest, AsksOneAfterAnother) {
  Ask("/a", At(0));
  Ask("/b", At(0));
  EXPECT_FALSE(client.has_output());  // Not open yet.
  client.OnOpen(At(1));
  Pump(At(1));
  EXPECT_EQ(heard, "/a /b ");
  EXPECT_TRUE(client.is_idle());
  EXPECT_TRUE(client.is_usable());
}

TEST_F(HttpClientTest, TellsEveryoneWhenTheServerHangsUp) {
  client.OnOpen(At(0));
  Ask("/drop", At(0));
  Ask("/a", At(0));
  Pump(At(0));
  EXPECT_EQ(heard, "failed: the connection was lost failed: the connection was lost ");
  EXPECT_FALSE(client.is_usable());
}

TEST_F(HttpClientTest, GivesUpAfterItsTimeout) {
  client.OnOpen(At(0));
  Ask("/never", At(1));
  EXPECT_EQ(client.next_timer(), At(31));
  client.OnTimer(At(31));
  EXPECT_EQ(heard, "failed: no answer in time ");
  EXPECT_TRUE(client.wants_close());
}

TEST_F(HttpClientTest, RefusesNonsense) {
  client.OnOpen(At(0));
  Ask("/a", At(0));
  client.OnBytes(At(0), ToBytes("SSH-2.0-x\r\n\r\n"));
  EXPECT_EQ(heard.substr(0, 13), "failed: HTTP:");
}

}  // namespace
}  // namespace dustproof
