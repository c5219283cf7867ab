#include "robots/vacuum/firmware/cloud/api_client.h"

#include <algorithm>

namespace vacuum {
namespace {

constexpr uint64_t kAnswerTimeoutUs = Seconds(20);
// Small enough for a withdrawal to stop an upload soon.
constexpr size_t kPieceBytes = 4096;

std::string HostField(const std::string& host, uint16_t port) {
  return port == 443 ? host : host + ":" + std::to_string(port);
}

}  // namespace

void ApiClient::Close() {
  stream_.reset();
  buffer_.clear();
  connected_to_.clear();
}

bool ApiClient::Send(const Permit& permit, const std::string& host, uint16_t port,
                     const Request& request) {
  std::string head = request.method + " " + request.path +
                     " HTTP/1.1\r\nHost: " + HostField(host, port) +
                     "\r\nUser-Agent: dustproof-vac\r\n";
  if (!request.bearer.empty()) head += "Authorization: Bearer " + request.bearer + "\r\n";
  if (!request.content_type.empty()) {
    head += "Content-Type: " + request.content_type +
            "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  head += "\r\n";
  if (!permit.valid() || !stream_->ByteStream::Write(head)) return false;
  for (size_t sent = 0; sent < request.body.size();) {
    const std::string_view piece = request.body.substr(sent, kPieceBytes);
    if (!permit.valid() || !stream_->ByteStream::Write(piece)) return false;
    sent += piece.size();
  }
  return true;
}

std::optional<HttpMessage> ApiClient::Do(const Permit& permit, const std::string& host,
                                         uint16_t port, const Request& request) {
  const std::string target = HostField(host, port);
  if (target != connected_to_) Close();
  const bool kept = stream_ != nullptr;
  if (!permit.valid()) return std::nullopt;
  if (!kept) {
    std::string why;
    const uint64_t began_us = hal_.clock->now_us();
    stream_ = TlsStream::Connect(tls_, host, port, &why);
    if (!stream_) {
      hal_.Warn("api: " + why);
      return std::nullopt;
    }
    connected_to_ = target;
    if (hal_.clock->now_us() - began_us > request.connect_us_max) {
      Close();
      return std::nullopt;
    }
  }
  std::optional<HttpMessage> response;
  if (Send(permit, host, port, request)) {
    const auto now_us = [this] { return hal_.clock->now_us(); };
    response = ReadHttpMessage(*stream_, buffer_, true, {}, now_us, now_us() + kAnswerTimeoutUs);
  }
  if (!response || response->last()) Close();
  // The server may have ended a kept connection in between: once more, on a new one.
  if (!response && kept) return Do(permit, host, port, request);
  return response;
}

}  // namespace vacuum
