#include "hil/protocol/http_router.h"

#include <utility>

namespace dustproof {
namespace {

std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash before the segment.
    const size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return segments;
}

bool Fits(std::string_view pattern, std::string_view path,
          std::map<std::string, std::string>& parameters) {
  const auto wanted = Segments(pattern), given = Segments(path);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "*" && i + 1 == wanted.size()) return given.size() > i;
    if (i >= given.size()) return false;
    if (wanted[i].starts_with('{')) {
      if (given[i].empty()) return false;
      parameters[std::string(wanted[i].substr(1, wanted[i].size() - 2))] = PercentDecode(given[i]);
    } else if (wanted[i] != given[i]) {
      return false;
    }
  }
  return wanted.size() == given.size();
}

}  // namespace

void HttpRouter::Add(std::string method, std::string pattern, Handler handler) {
  routes_.push_back({std::move(method), std::move(pattern), std::move(handler)});
}

HttpReply HttpRouter::Handle(SimTime now, const StreamPeer& peer,
                             const HttpRequest& request) const {
  std::string allowed;
  for (const Route& route : routes_) {
    HttpCall call{.now = now, .peer = peer, .request = request};
    if (!Fits(route.pattern, request.path(), call.parameters)) continue;
    const bool is_head_of_get = request.method == "HEAD" && route.method == "GET";
    if (route.method == request.method || is_head_of_get) return route.handler(call);
    allowed += (allowed.empty() ? "" : ", ") + route.method;
  }
  if (allowed.empty())
    return {.response = HttpResponse::With(404, "application/json", R"({"error":"not_found"})")};
  HttpResponse response =
      HttpResponse::With(405, "application/json", R"({"error":"method_not_allowed"})");
  response.headers.emplace_back("Allow", allowed);
  return {.response = std::move(response)};
}

}  // namespace dustproof
