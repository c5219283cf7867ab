#include "hil/capture/internal/cdr.h"

namespace dustproof::internal {

namespace {
constexpr size_t kHeaderBytes = 4;
}

CdrWriter::CdrWriter(Bytes& out) : out_(out) {
  const uint8_t header[kHeaderBytes] = {0, 1, 0, 0};  // CDR, little-endian, no options.
  Append(header, sizeof(header));
  origin_ = out_.size();
}

void CdrWriter::operator()(const std::string& text) {
  (*this)(static_cast<uint32_t>(text.size() + 1));
  Append(text.c_str(), text.size() + 1);
}

void CdrWriter::operator()(const std::vector<std::string>& texts) {
  (*this)(static_cast<uint32_t>(texts.size()));
  for (const std::string& text : texts) (*this)(text);
}

void CdrWriter::Align(size_t bytes) {
  const size_t misfit = (out_.size() - origin_) % bytes;
  if (misfit != 0) out_.resize(out_.size() + bytes - misfit);
}

void CdrWriter::Append(const void* data, size_t bytes) {
  const auto* begin = static_cast<const std::byte*>(data);
  out_.insert(out_.end(), begin, begin + bytes);
}

CdrReader::CdrReader(std::span<const std::byte> in) : in_(in) {
  const bool little_endian =
      in.size() >= kHeaderBytes && in[0] == std::byte{0} && in[1] == std::byte{1};
  if (!little_endian) Fail();
}

void CdrReader::operator()(std::string& text) {
  uint32_t count = 0;
  (*this)(count);
  if (!ok_ || count == 0 || count > in_.size() - at_) {
    text.clear();
    Fail();
    return;
  }
  text.assign(reinterpret_cast<const char*>(in_.data() + at_), count - 1);
  at_ += count;
}

void CdrReader::operator()(std::vector<std::string>& texts) {
  uint32_t count = 0;
  (*this)(count);
  texts.clear();
  // Each takes its length's bytes at least: a damaged count asks for no memory.
  if (count > (in_.size() - at_) / sizeof(uint32_t)) return Fail();
  for (uint32_t i = 0; ok_ && i < count; ++i) (*this)(texts.emplace_back());
}

void CdrReader::Align(size_t bytes) {
  const size_t misfit = (at_ - kHeaderBytes) % bytes;
  if (misfit != 0) at_ += bytes - misfit;
  if (at_ > in_.size()) Fail();
}

bool CdrReader::Take(void* data, size_t bytes) {
  if (!ok_ || bytes > in_.size() - at_) {
    Fail();
    return false;
  }
  std::memcpy(data, in_.data() + at_, bytes);
  at_ += bytes;
  return true;
}

void CdrReader::Fail() {
  ok_ = false;
  at_ = in_.size();
}

}  // namespace dustproof::internal
