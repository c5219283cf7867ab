#include "hil/net/internal/resolver.h"

#include <vector>

namespace dustproof::internal {

std::optional<Bytes> AnswerEveryName(
    std::span<const std::byte> bytes, uint32_t ttl_s,
    const std::function<uint32_t(const std::string& name)>& address_of) {
  const Result<DnsMessage> query = ParseDns(bytes);
  if (!query.ok() || query->response) return std::nullopt;
  std::vector<uint32_t> addresses;
  if (query->questions.size() == 1 && IsDnsName(query->questions[0].name)) {
    const DnsQuestion& question = query->questions[0];
    const uint32_t address = address_of(question.name);
    if (question.type == static_cast<uint16_t>(DnsType::kA)) addresses.push_back(address);
  }
  DnsMessage answer = MakeDnsAnswer(*query, addresses, ttl_s);
  // A name without records of the type asked for exists all the same.
  if (query->questions.size() == 1) answer.code = static_cast<uint8_t>(DnsCode::kNoError);
  return SerializeDns(answer);
}

}  // namespace dustproof::internal
