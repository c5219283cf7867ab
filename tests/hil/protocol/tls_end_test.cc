#include "hil/protocol/tls_end.h"

#include <gtest/gtest.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <cstring>
#include <ctime>

#include "hil/protocol/certificate_authority.h"
#include "hil/protocol/tls_client.h"
#include "hil/protocol/tls_server.h"

namespace {
time_t process_time = 0;
}

// Stands before libc's for all libraries of this process, as in a run: Mbed TLS puts the time into
// its hello.
extern "C" __attribute__((visibility("default"))) time_t time(time_t* out) {
  if (out != nullptr) *out = process_time;
  return process_time;
}

namespace dustproof {
namespace {

const WallTime kNow = WallTime::FromUnixSeconds(1'772'413'200);  // 2026-03-02T01:00:00Z.

CertificateAuthority MakeAuthority(uint64_t seed = 1) {
  return CertificateAuthority::Create(Seed(seed), kNow);
}

std::string Text(const Bytes& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}
std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TlsServerConfig ServerConfig(const CertificateAuthority& authority, uint64_t seed = 1) {
  return {.identity = [&authority](const std::string& name) { return authority.IssueServer(name); },
          .random = Seed(seed).Stream("server"),
          .now = kNow,
          .client_trust_pem = "",
          .key_log = nullptr};
}

/// Mbed TLS as the reference firmware uses it, over two byte strings.
class MbedClient {
 public:
  MbedClient(const std::string& trust_pem, const std::string& host, uint64_t seed)
      : random_(Seed(seed).Stream("mbed")) {
    mbedtls_ssl_init(&ssl_);
    mbedtls_ssl_config_init(&config_);
    mbedtls_x509_crt_init(&trust_);
    mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_x509_crt_parse(&trust_, reinterpret_cast<const unsigned char*>(trust_pem.c_str()),
                           trust_pem.size() + 1);
    mbedtls_ssl_conf_ca_chain(&config_, &trust_, nullptr);
    mbedtls_ssl_conf_rng(&config_, Random, this);
    mbedtls_ssl_setup(&ssl_, &config_);
    mbedtls_ssl_set_hostname(&ssl_, host.c_str());
    mbedtls_ssl_set_bio(&ssl_, this, Send, Receive, nullptr);
  }
  ~MbedClient() {
    mbedtls_ssl_free(&ssl_);
    mbedtls_ssl_config_free(&config_);
    mbedtls_x509_crt_free(&trust_);
  }

  int Handshake() { return mbedtls_ssl_handshake(&ssl_); }
  void Write(const std::string& text) {
    mbedtls_ssl_write(&ssl_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  std::string Read() {
    std::string text(4096, '\0');
    const int count =
        mbedtls_ssl_read(&ssl_, reinterpret_cast<unsigned char*>(text.data()), text.size());
    return text.substr(0, count > 0 ? static_cast<size_t>(count) : 0);
  }

  Bytes to_server, to_client;

 private:
  static int Random(void* self, unsigned char* out, size_t count) {
    static_cast<MbedClient*>(self)->random_.Fill(std::as_writable_bytes(std::span(out, count)));
    return 0;
  }
  static int Send(void* self, const unsigned char* data, size_t count) {
    const auto bytes = std::as_bytes(std::span(data, count));
    Bytes& out = static_cast<MbedClient*>(self)->to_server;
    out.insert(out.end(), bytes.begin(), bytes.end());
    return static_cast<int>(count);
  }
  static int Receive(void* self, unsigned char* out, size_t capacity) {
    Bytes& in = static_cast<MbedClient*>(self)->to_client;
    if (in.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
    const size_t count = std::min(capacity, in.size());
    std::memcpy(out, in.data(), count);
    in.erase(in.begin(), in.begin() + static_cast<ptrdiff_t>(count));
    return static_cast<int>(count);
  }

  RandomStream random_;
  mbedtls_ssl_context ssl_;
  mbedtls_ssl_config config_;
  mbedtls_x509_crt trust_;
};

/// Carries bytes both ways until neither says anything; all that passed is the transcript.
Bytes Carry(MbedClient& client, TlsEnd& server) {
  Bytes transcript;
  while (true) {
    client.Handshake();
    const Bytes to_server = std::exchange(client.to_server, {});
    server.OnBytes(to_server);
    const Bytes to_client = server.TakeOutput();
    if (to_server.empty() && to_client.empty()) return transcript;
    client.to_client.insert(client.to_client.end(), to_client.begin(), to_client.end());
    transcript.insert(transcript.end(), to_server.begin(), to_server.end());
    transcript.insert(transcript.end(), to_client.begin(), to_client.end());
  }
}

Bytes Carry(TlsEnd& client, TlsEnd& server) {
  Bytes transcript;
  client.OnBytes({});
  while (true) {
    const Bytes to_server = client.TakeOutput();
    server.OnBytes(to_server);
    const Bytes to_client = server.TakeOutput();
    client.OnBytes(to_client);
    if (to_server.empty() && to_client.empty()) return transcript;
    transcript.insert(transcript.end(), to_server.begin(), to_server.end());
    transcript.insert(transcript.end(), to_client.begin(), to_client.end());
  }
}

class TlsEndTest : public ::testing::Test {
 protected:
  void SetUp() override { process_time = kNow.unix_seconds(); }
};

/// A whole session between Mbed TLS and our server; returns all ciphertext.
Bytes MbedSession(uint64_t seed) {
  const CertificateAuthority authority = MakeAuthority(seed);
  MbedClient client(authority.certificate_pem(), "api.example", seed);
  const auto server = MakeTlsServer(ServerConfig(authority, seed));
  Bytes transcript = Carry(client, *server);
  client.Write("ping");
  server->OnBytes(client.to_server);
  EXPECT_EQ(Text(server->TakePlaintext()), "ping");
  server->Write(AsBytes("pong"));
  const Bytes answer = server->TakeOutput();
  client.to_client = answer;
  EXPECT_EQ(client.Read(), "pong");
  EXPECT_EQ(server->server_name(), "api.example");
  transcript.insert(transcript.end(), client.to_server.begin(), client.to_server.end());
  transcript.insert(transcript.end(), answer.begin(), answer.end());
  return transcript;
}

TEST_F(TlsEndTest, MeetsMbedTlsWithTheSameBytesForTheSameSeed) {
  const Bytes first = MbedSession(1);
  EXPECT_GT(first.size(), 500u);
  EXPECT_EQ(first, MbedSession(1));
  EXPECT_NE(first, MbedSession(2));
}

Bytes OpensslSession(time_t process_clock, std::string* key_log) {
  process_time = process_clock;
  const CertificateAuthority authority = MakeAuthority();
  TlsServerConfig config = ServerConfig(authority);
  config.key_log = [key_log](const std::string& line) { *key_log += line + "\n"; };
  const auto server = MakeTlsServer(std::move(config));
  const auto client = MakeTlsClient({.server_name = "api.example",
                                     .trust_pem = authority.certificate_pem(),
                                     .alpn = {"http/1.1"},
                                     .identity = {},
                                     .random = Seed(1).Stream("client"),
                                     .now = kNow,
                                     .key_log = nullptr});
  client->Write(AsBytes("before the handshake"));
  const Bytes transcript = Carry(*client, *server);
  EXPECT_EQ(Text(server->TakePlaintext()), "before the handshake");
  EXPECT_EQ(server->alpn(), "http/1.1");
  EXPECT_EQ(server->description(), "TLSv1.3 TLS_AES_128_GCM_SHA256");
  return transcript;
}

// The clocks are ten years apart. The certificate's dates and their check come from `kNow`, and
// nothing else may matter.
TEST_F(TlsEndTest, SpeaksTls13WithTheSameBytesWhateverTheProcessesClock) {
  std::string key_log;
  EXPECT_EQ(OpensslSession(1'500'000'000, &key_log), OpensslSession(1'900'000'000, &key_log));
  EXPECT_NE(key_log.find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos);
}

TEST_F(TlsEndTest, SaysThatAClientRefusedItsCertificate) {
  const CertificateAuthority authority = MakeAuthority(1), other = MakeAuthority(2);
  MbedClient client(other.certificate_pem(), "api.example", 1);
  const auto server = MakeTlsServer(ServerConfig(authority));
  Carry(client, *server);
  ASSERT_NE(server->failure(), nullptr);
  EXPECT_TRUE(server->failure()->alert_from_peer);
  EXPECT_TRUE(server->failure()->certificate_refused);
  EXPECT_EQ(server->failure()->reason, "unknown_ca");
}

TEST_F(TlsEndTest, FailsOnBytesThatAreNotTlsWithoutBlamingTheCertificate) {
  const CertificateAuthority authority = MakeAuthority();
  const auto server = MakeTlsServer(ServerConfig(authority));
  server->OnBytes(AsBytes("GET / HTTP/1.1\r\n\r\n"));
  ASSERT_NE(server->failure(), nullptr);
  EXPECT_EQ(server->failure()->reason, "http_request");
  EXPECT_FALSE(server->failure()->certificate_refused);
}

TEST_F(TlsEndTest, KnowsADeviceByItsCertificate) {
  const CertificateAuthority authority = MakeAuthority();
  TlsServerConfig config = ServerConfig(authority);
  config.client_trust_pem = authority.certificate_pem();
  const auto server = MakeTlsServer(std::move(config));
  const auto client = MakeTlsClient({.server_name = "api.example",
                                     .trust_pem = authority.certificate_pem(),
                                     .alpn = {},
                                     .identity = authority.IssueDevice("robot-7"),
                                     .random = RandomStream(3),
                                     .now = kNow,
                                     .key_log = nullptr});
  Carry(*client, *server);
  EXPECT_TRUE(server->handshake_done());
  EXPECT_EQ(server->peer_common_name(), "robot-7");
}

TEST_F(TlsEndTest, TakesTheVendorsAuthorityAndSaysWhatIsWrongWithIt) {
  const CertificateAuthority authority = MakeAuthority();
  const TlsIdentity leaf = authority.IssueServer("a.example"),
                    other = authority.IssueServer("b.example");
  EXPECT_FALSE(CertificateAuthority::FromPem("nonsense", leaf.key_pem, Seed(1), kNow).ok());
  const auto mixed =
      CertificateAuthority::FromPem(leaf.certificate_pem, other.key_pem, Seed(1), kNow);
  ASSERT_FALSE(mixed.ok());
  EXPECT_EQ(mixed.error().diagnostics.at(0).message,
            "CA key: must belong to the CA certificate, is another's");
  const auto not_a_ca =
      CertificateAuthority::FromPem(leaf.certificate_pem, leaf.key_pem, Seed(1), kNow);
  ASSERT_FALSE(not_a_ca.ok());
  EXPECT_EQ(not_a_ca.error().diagnostics.at(0).message,
            "CA certificate: must be allowed to sign others (basicConstraints CA:TRUE)");
  EXPECT_TRUE(CheckTlsIdentity(leaf).ok());
  EXPECT_FALSE(CheckTlsIdentity({leaf.certificate_pem, other.key_pem}).ok());
}

TEST_F(TlsEndTest, SurvivesWhateverArrives) {
  const CertificateAuthority authority = MakeAuthority();
  RandomStream random(5);
  for (int round = 0; round < 50; ++round) {
    MbedClient client(authority.certificate_pem(), "api.example", 1);
    const auto server = MakeTlsServer(ServerConfig(authority));
    client.Handshake();
    Bytes hello = std::exchange(client.to_server, {});
    hello[random.Below(hello.size())] = static_cast<std::byte>(random.Below(256));
    server->OnBytes(hello);
    server->OnBytes(hello);
    server->TakeOutput();
  }
}

}  // namespace
}  // namespace dustproof
