#include "tests/robots/vacuum/firmware/fake_cloud.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <cstring>

namespace vacuum::test {
namespace {

int Chance(void*, unsigned char* out, size_t bytes) {
  static uint32_t state = 7;
  for (size_t i = 0; i < bytes; ++i)
    out[i] = static_cast<unsigned char>((state = state * 1664525u + 1013904223u) >> 24);
  return 0;
}

void MakeKey(mbedtls_pk_context& key) {
  mbedtls_pk_init(&key);
  mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
  mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), Chance, nullptr);
}

std::string WriteCert(mbedtls_pk_context& subject, const std::string& name,
                      mbedtls_pk_context& issuer, bool is_ca, const char* not_after) {
  mbedtls_x509write_cert cert;
  mbedtls_mpi serial;
  mbedtls_x509write_crt_init(&cert);
  mbedtls_mpi_init(&serial);
  mbedtls_mpi_lset(&serial, is_ca ? 1 : 2);
  mbedtls_x509write_crt_set_serial(&cert, &serial);
  mbedtls_x509write_crt_set_version(&cert, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&cert, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(&cert, &subject);
  mbedtls_x509write_crt_set_issuer_key(&cert, &issuer);
  mbedtls_x509write_crt_set_subject_name(&cert, ("CN=" + name).c_str());
  mbedtls_x509write_crt_set_issuer_name(&cert, "CN=Test CA");
  mbedtls_x509write_crt_set_validity(&cert, "20000101000000", not_after);
  mbedtls_x509write_crt_set_basic_constraints(&cert, is_ca ? 1 : 0, -1);
  std::string pem(4096, '\0');
  mbedtls_x509write_crt_pem(&cert, reinterpret_cast<unsigned char*>(pem.data()), pem.size(), Chance,
                            nullptr);
  pem.resize(std::strlen(pem.c_str()));
  mbedtls_mpi_free(&serial);
  mbedtls_x509write_crt_free(&cert);
  return pem;
}

// A server's end of a TLS connection, whose plaintext another peer handles.
class TlsPeer : public FakePeer {
 public:
  TlsPeer(const ServerIdentity& identity, std::unique_ptr<FakePeer> plain)
      : plain_(std::move(plain)) {
    mbedtls_ssl_init(&ssl_);
    mbedtls_ssl_config_init(&config_);
    mbedtls_x509_crt_init(&cert_);
    mbedtls_pk_init(&key_);
    const auto* pem = reinterpret_cast<const unsigned char*>(identity.cert_pem.c_str());
    mbedtls_x509_crt_parse(&cert_, pem, identity.cert_pem.size() + 1);
    pem = reinterpret_cast<const unsigned char*>(identity.key_pem.c_str());
    mbedtls_pk_parse_key(&key_, pem, identity.key_pem.size() + 1, nullptr, 0);
    mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&config_, Chance, nullptr);
    mbedtls_ssl_conf_own_cert(&config_, &cert_, &key_);
    mbedtls_ssl_setup(&ssl_, &config_);
    mbedtls_ssl_set_bio(&ssl_, this, Send, Receive, nullptr);
  }
  ~TlsPeer() override {
    mbedtls_ssl_free(&ssl_);
    mbedtls_ssl_config_free(&config_);
    mbedtls_pk_free(&key_);
    mbedtls_x509_crt_free(&cert_);
  }

  void OnBytes(const std::string& in, std::string& out) override {
    in_ += in;
    if (!ready_ && !failed_) {
      const int status = mbedtls_ssl_handshake(&ssl_);
      ready_ = status == 0;
      failed_ = !ready_ && status != MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (ready_) {
      std::string text, answer;
      unsigned char piece[4096];
      for (int count; (count = mbedtls_ssl_read(&ssl_, piece, sizeof(piece))) > 0;) {
        text.append(reinterpret_cast<char*>(piece), static_cast<size_t>(count));
      }
      plain_->OnBytes(text, answer);
      for (size_t sent = 0; sent < answer.size();) {
        const auto* next = reinterpret_cast<const unsigned char*>(answer.data()) + sent;
        const int count = mbedtls_ssl_write(&ssl_, next, answer.size() - sent);
        if (count <= 0) break;
        sent += static_cast<size_t>(count);
      }
    }
    out += out_;
    out_.clear();
  }
  bool closed() const override { return failed_ || plain_->closed(); }

 private:
  static int Send(void* self, const unsigned char* data, size_t bytes) {
    static_cast<TlsPeer*>(self)->out_.append(reinterpret_cast<const char*>(data), bytes);
    return static_cast<int>(bytes);
  }
  static int Receive(void* self, unsigned char* out, size_t capacity) {
    std::string& in = static_cast<TlsPeer*>(self)->in_;
    if (in.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
    const size_t count = std::min(capacity, in.size());
    std::memcpy(out, in.data(), count);
    in.erase(0, count);
    return static_cast<int>(count);
  }

  std::unique_ptr<FakePeer> plain_;
  std::string in_, out_;
  bool ready_ = false, failed_ = false;
  mbedtls_ssl_context ssl_;
  mbedtls_ssl_config config_;
  mbedtls_x509_crt cert_;
  mbedtls_pk_context key_;
};

std::string Field(const std::string& head, const std::string& name) {
  const size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const size_t value = at + name.size() + 4;
  return head.substr(value, head.find("\r\n", value) - value);
}

class ApiPeer : public FakePeer {
 public:
  explicit ApiPeer(FakeCloud& cloud) : cloud_(cloud) {}

  void OnBytes(const std::string& in, std::string& out) override {
    cloud_.bytes_in += static_cast<int>(in.size());
    in_ += in;
    const size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string head = in_.substr(0, end + 2);
    const std::string length = Field(head, "Content-Length");
    const size_t bytes = length.empty() ? 0 : std::stoul(length);
    if (in_.size() < end + 4 + bytes) return;
    cloud_.requests.push_back({head.substr(0, head.find("\r\n")), Field(head, "Authorization"),
                               Field(head, "Content-Type"), in_.substr(end + 4, bytes)});
    in_.erase(0, end + 4 + bytes);
    out += Answer(cloud_.requests.back().line);
  }

 private:
  std::string Answer(const std::string& line) {
    if (line.starts_with("POST /v1/bind "))
      return Json(cloud_.bind_status, R"({"credential":"credential-1"})");
    if (line.starts_with("POST /v1/session ")) {
      const std::string id = "pseudonym-" + std::to_string(++cloud_.session_count);
      return Json(cloud_.session_status, R"({"client_id":")" + id +
                                             R"(","username":"u","password":"p","consents":)" +
                                             cloud_.consents + R"(,"consent_version":)" +
                                             std::to_string(cloud_.consent_version) + "}");
    }
    if (line.starts_with("GET /v1/firmware/"))
      return Json(200, R"({"version":"1.0.0","url":"","sha256":""})");
    const int status = line.starts_with("PUT /v1/maps/") ? cloud_.map_status : 204;
    return "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\n\r\n";
  }
  static std::string Json(int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) +
           " x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  FakeCloud& cloud_;
  std::string in_;
};

class BrokerPeer : public FakePeer {
 public:
  explicit BrokerPeer(FakeCloud& cloud) : cloud_(cloud) {}

  void OnBytes(const std::string& in, std::string& out) override {
    cloud_.bytes_in += static_cast<int>(in.size());
    in_ += in;
    while (TakePacket(out)) {
    }
    while (subscribed_ && !cloud_.to_robot.empty()) {
      const auto [topic, payload] = cloud_.to_robot.front();
      cloud_.to_robot.pop_front();
      const std::string full = "s/" + client_id_ + "/down/" + topic;
      std::string body{'\0', static_cast<char>(full.size())};
      body += full + std::string("\x00\x05", 2) + payload;
      out += std::string{'\x32', static_cast<char>(0x80 | (body.size() & 0x7F)),
                         static_cast<char>(body.size() >> 7)} +
             body;
    }
  }
  bool closed() const override { return cloud_.drop_mqtt; }

 private:
  bool TakePacket(std::string& out) {
    if (in_.size() < 2) return false;
    size_t length = static_cast<uint8_t>(in_[1]) & 0x7F;
    size_t header = 2;
    if ((in_[1] & 0x80) != 0) {
      if (in_.size() < 3) return false;
      length += static_cast<size_t>(static_cast<uint8_t>(in_[2])) << 7;
      header = 3;
    }
    if (in_.size() < header + length) return false;
    const auto first = static_cast<uint8_t>(in_[0]);
    const std::string body = in_.substr(header, length);
    in_.erase(0, header + length);
    if (first >> 4 == 1) {
      const size_t id_bytes = static_cast<uint8_t>(body[11]);
      client_id_ = body.substr(12, id_bytes);
      out += std::string("\x20\x02\x00\x00", 4);
    } else if (first >> 4 == 8) {
      subscribed_ = true;
      out += std::string("\x90\x03", 2) + body.substr(0, 2) + "\x01";
    } else if (first >> 4 == 3) {
      const size_t topic_bytes = static_cast<uint8_t>(body[1]);
      const bool qos1 = (first & 6) != 0;
      cloud_.published.emplace_back(body.substr(2, topic_bytes),
                                    body.substr(2 + topic_bytes + (qos1 ? 2 : 0)));
      if (qos1) out += std::string("\x40\x02", 2) + body.substr(2 + topic_bytes, 2);
    } else if (first >> 4 == 12) {
      out += std::string("\xD0\x00", 2);
    }
    return true;
  }

  FakeCloud& cloud_;
  std::string in_;
  std::string client_id_;
  bool subscribed_ = false;
};

}  // namespace

ServerIdentity MakeServerIdentity(const std::string& host, const char* not_after) {
  mbedtls_pk_context ca, server;
  MakeKey(ca);
  MakeKey(server);
  ServerIdentity identity;
  identity.ca_pem = WriteCert(ca, "Test CA", ca, true, "20991231235959");
  identity.cert_pem = WriteCert(server, host, ca, false, not_after);
  char key[2048];
  mbedtls_pk_write_key_pem(&server, reinterpret_cast<unsigned char*>(key), sizeof(key));
  identity.key_pem = key;
  mbedtls_pk_free(&ca);
  mbedtls_pk_free(&server);
  return identity;
}

FakeCloud::FakeCloud(FakeHal& fake, const ServerIdentity& identity) {
  fake.connect = [this, identity](dp_endpoint to) -> std::unique_ptr<FakePeer> {
    if (to.port == 443)
      return std::make_unique<TlsPeer>(identity, std::make_unique<ApiPeer>(*this));
    if (to.port == 8883)
      return std::make_unique<TlsPeer>(identity, std::make_unique<BrokerPeer>(*this));
    return nullptr;
  };
}

int FakeCloud::Count(const std::string& line_start) const {
  int count = 0;
  for (const Request& request : requests) count += request.line.starts_with(line_start) ? 1 : 0;
  return count;
}

std::vector<std::string> FakeCloud::Published(const std::string& name) const {
  std::vector<std::string> payloads;
  for (const auto& [topic, payload] : published) {
    if (topic.ends_with("/up/" + name)) payloads.push_back(payload);
  }
  return payloads;
}

}  // namespace vacuum::test
