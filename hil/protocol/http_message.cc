#include "hil/protocol/http_message.h"

#include <algorithm>

namespace dustproof {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = Lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Neither of them has a body, nor says how long one would be (RFC 9110, 8.6).
bool IsBodiless(int status) { return status < 200 || status == 204 || status == 304; }

void AppendHeaders(std::string& text, const HttpHeaders& headers) {
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
}

Bytes Join(std::string_view head, const Bytes& body) {
  Bytes bytes = ToBytes(head);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

}  // namespace

std::string_view FindHeader(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return {};
}

std::string_view HttpRequest::bearer() const {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = header("Authorization");
  const bool is_bearer =
      value.size() > kScheme.size() && EqualsIgnoringCase(value.substr(0, kScheme.size()), kScheme);
  return is_bearer ? value.substr(kScheme.size()) : std::string_view();
}

HttpResponse HttpResponse::With(int status, std::string_view media_type, std::string_view body) {
  return {.status = status,
          .headers = {{"Content-Type", std::string(media_type)}},
          .body = ToBytes(body)};
}

std::string_view HttpReason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

Bytes Encode(const HttpRequest& request) {
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\n";
  AppendHeaders(head, request.headers);
  const bool has_content =
      !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (has_content) head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  if (!request.keep_alive) head += "Connection: close\r\n";
  return Join(head + "\r\n", request.body);
}

Bytes Encode(const HttpResponse& response, bool with_body) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " +
                     std::string(HttpReason(response.status)) + "\r\n";
  AppendHeaders(head, response.headers);
  const bool has_content = !IsBodiless(response.status);
  if (has_content) head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  if (!response.keep_alive) head += "Connection: close\r\n";
  return Join(head + "\r\n", has_content && with_body ? response.body : Bytes());
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    decoded += low >= 0 ? static_cast<char>(high * 16 + low) : text[i];
    if (low >= 0) i += 2;
  }
  return decoded;
}

Bytes ToBytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return Bytes(bytes.begin(), bytes.end());
}

std::string_view AsText(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace dustproof
