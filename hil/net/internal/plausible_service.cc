#include "hil/net/internal/plausible_service.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <string_view>

#include "hil/net/internal/recorder.h"

namespace dustproof::internal {
namespace {

constexpr size_t kHeadBytesMax = 65536;

class PlausibleCore : public StreamCore {
 public:
  void OnBytes(SimTime, std::span<const std::byte> bytes) override {
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (dialect_ == Dialect::kUnknown) Recognise();
    if (dialect_ == Dialect::kHttp) {
      while (AnswerHttp()) {
      }
    } else if (dialect_ == Dialect::kMqtt) {
      while (AnswerMqtt()) {
      }
    } else if (buffer_.size() > 64) {
      dialect_ = Dialect::kSilent;
    }
    if (dialect_ == Dialect::kSilent) buffer_.clear();
  }

 private:
  enum class Dialect { kUnknown, kHttp, kMqtt, kSilent };

  void Recognise() {
    const std::string protocol = GuessStreamProtocol(std::as_bytes(std::span(buffer_)));
    if (protocol == "http") dialect_ = Dialect::kHttp;
    if (protocol == "mqtt") dialect_ = Dialect::kMqtt;
  }

  /// Swallows the body of the request before; then answers the next request whose head is complete.
  bool AnswerHttp() {
    if (!SkipBody()) return false;
    const size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (buffer_.size() > kHeadBytesMax) dialect_ = Dialect::kSilent;
      return false;
    }
    std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    is_head_request_ = head.starts_with("HEAD ");
    std::transform(head.begin(), head.end(), head.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const std::string length = Header(head, "content-length");
    body_left_ = 0;
    std::from_chars(length.data(), length.data() + length.size(), body_left_);
    chunked_ = Header(head, "transfer-encoding").find("chunked") != std::string::npos;
    closes_ = Header(head, "connection").find("close") != std::string::npos;
    answer_due_ = true;
    if (Header(head, "expect").find("100-continue") != std::string::npos)
      Say("HTTP/1.1 100 Continue\r\n\r\n");
    return SkipBody();
  }

  static std::string Header(const std::string& head, const std::string& name) {
    const size_t at = head.find("\r\n" + name + ":");
    if (at == std::string::npos) return "";
    size_t begin = at + name.size() + 3;
    while (begin < head.size() && head[begin] == ' ') ++begin;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  /// True once nothing of a body is left.
  bool SkipBody() {
    while (chunked_) {
      if (body_left_ > 0 && !SkipCounted()) return false;
      const size_t end = buffer_.find("\r\n");
      if (end == std::string::npos) return false;
      uint64_t chunk = 0;
      std::from_chars(buffer_.data(), buffer_.data() + end, chunk, 16);
      buffer_.erase(0, end + 2);
      if (end == 0) continue;  // The line end behind a chunk's data.
      body_left_ = chunk;
      if (chunk == 0) chunked_ = false;
    }
    if (!SkipCounted()) return false;
    if (answer_due_) Answer();
    return true;
  }

  bool SkipCounted() {
    const uint64_t count = std::min<uint64_t>(body_left_, buffer_.size());
    buffer_.erase(0, count);
    body_left_ -= count;
    return body_left_ == 0;
  }

  void Answer() {
    answer_due_ = false;
    Say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
    if (!is_head_request_) Say("{}");
    if (closes_) Close();
  }

  bool AnswerMqtt() {
    size_t length = 0, header = 1;
    while (true) {
      if (header >= buffer_.size()) return false;
      const uint8_t byte = At(header);
      length |= static_cast<size_t>(byte & 0x7f) << (7 * (header - 1));
      ++header;
      if ((byte & 0x80) == 0) break;
      if (header > 4) {
        dialect_ = Dialect::kSilent;
        return false;
      }
    }
    if (buffer_.size() < header + length) return false;
    AnswerMqttPacket(buffer_.substr(0, header + length), header);
    buffer_.erase(0, header + length);
    return true;
  }

  void AnswerMqttPacket(const std::string& packet, size_t body) {
    const auto byte_at = [&](size_t i) {
      return i < packet.size() ? static_cast<uint8_t>(packet[i]) : uint8_t{0};
    };
    const uint8_t type = byte_at(0) >> 4;
    const uint8_t qos = byte_at(0) >> 1 & 3;
    switch (type) {
      case 1: {  // CONNECT. Level 5 wants its properties, none, in the answer.
        const size_t level = body + 2 + (byte_at(body) << 8 | byte_at(body + 1));
        return byte_at(level) >= 5 ? SayBytes({0x20, 3, 0, 0, 0}) : SayBytes({0x20, 2, 0, 0});
      }
      case 3: {  // PUBLISH: the packet id follows the topic.
        const size_t id = body + 2 + (byte_at(body) << 8 | byte_at(body + 1));
        if (qos == 1) SayBytes({0x40, 2, byte_at(id), byte_at(id + 1)});
        if (qos == 2) SayBytes({0x50, 2, byte_at(id), byte_at(id + 1)});
        return;
      }
      case 6:
        return SayBytes({0x70, 2, byte_at(body), byte_at(body + 1)});
      case 8:
        return SayBytes({0x90, 3, byte_at(body), byte_at(body + 1), 0});
      case 10:
        return SayBytes({0xb0, 2, byte_at(body), byte_at(body + 1)});
      case 12:
        return SayBytes({0xd0, 0});
      case 14:
        return Close();
      default:
        return;
    }
  }

  uint8_t At(size_t i) const { return static_cast<uint8_t>(buffer_[i]); }
  void Say(std::string_view text) { Send(std::as_bytes(std::span(text.data(), text.size()))); }
  void SayBytes(std::initializer_list<uint8_t> bytes) {
    Send(std::as_bytes(std::span(bytes.begin(), bytes.size())));
  }

  std::string buffer_;
  Dialect dialect_ = Dialect::kUnknown;
  uint64_t body_left_ = 0;
  bool chunked_ = false;
  bool closes_ = false;
  bool answer_due_ = false;
  bool is_head_request_ = false;
};

}  // namespace

std::unique_ptr<StreamCore> PlausibleService::Accept(SimTime, const StreamPeer&) {
  return std::make_unique<PlausibleCore>();
}

}  // namespace dustproof::internal
