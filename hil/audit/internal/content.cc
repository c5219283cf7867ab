#include "hil/audit/internal/content.h"

#include <algorithm>

#include "sim/core/check.h"

namespace dustproof::internal {

Content Content::Piece(const Content& parent, ByteRange range, std::string decoder) {
  Content content(parent, Mapping::kPiece, range, std::move(decoder));
  content.bytes_ = parent.bytes().subspan(range.begin, range.size());
  return content;
}

Content Content::Even(const Content& parent, ByteRange from, Bytes decoded, std::string decoder) {
  Content content(parent, Mapping::kEven, from, std::move(decoder));
  content.owned_ = std::move(decoded);
  return content;
}

Content Content::Whole(const Content& parent, ByteRange from, Bytes decoded, std::string decoder) {
  Content content(parent, Mapping::kWhole, from, std::move(decoder));
  content.owned_ = std::move(decoded);
  return content;
}

Content Content::Table(const Content& parent, std::vector<uint32_t> table, Bytes decoded,
                       std::string decoder) {
  DP_CHECK(table.size() == decoded.size() + 1, table.size(), decoded.size());
  Content content(parent, Mapping::kTable, {table.front(), table.back()}, std::move(decoder));
  content.owned_ = std::move(decoded);
  content.table_ = std::move(table);
  return content;
}

ByteRange Content::ToParent(ByteRange range) const {
  const size_t count = std::max<size_t>(size(), 1);
  switch (mapping_) {
    case Mapping::kPiece:
      return {from_.begin + range.begin, from_.begin + range.end};
    case Mapping::kEven: {
      const size_t end = from_.begin + (range.end * from_.size() + count - 1) / count;
      return {from_.begin + range.begin * from_.size() / count, std::min(end, from_.end)};
    }
    case Mapping::kWhole:
      return from_;
    case Mapping::kTable: {
      const size_t begin = table_[std::min(range.begin, table_.size() - 1)];
      return {begin, std::max<size_t>(begin, table_[std::min(range.end, table_.size() - 1)])};
    }
  }
  return range;
}

ByteRange Content::ToRoot(ByteRange range) const {
  const Content* at = this;
  while (at->parent_ != nullptr) {
    range = at->ToParent(range);
    at = at->parent_;
  }
  return range;
}

std::vector<std::string> Content::Chain() const {
  std::vector<std::string> chain;
  for (const Content* at = this; at->parent_ != nullptr; at = at->parent_) {
    if (!at->decoder_.empty()) chain.push_back(at->decoder_);
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

double Content::PrintableShare() const {
  const auto all = bytes();
  if (all.empty()) return 1;
  const auto printable = std::count_if(all.begin(), all.end(), [](std::byte b) {
    const auto c = static_cast<unsigned char>(b);
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t';
  });
  return static_cast<double>(printable) / static_cast<double>(all.size());
}

}  // namespace dustproof::internal
