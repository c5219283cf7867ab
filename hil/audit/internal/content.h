#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hil/capture/messages.h"

namespace dustproof::internal {

/// Bytes [begin, end) of something.
struct ByteRange {
  size_t begin = 0;
  size_t end = 0;
  size_t size() const { return end - begin; }
  bool operator==(const ByteRange&) const = default;
};

/// Bytes that a decoder made out of other bytes, and which of those each came from. The root is
/// what crossed the boundary.
///
/// A content borrows its parent, which must outlive it: the cascade keeps both on its stack.
class Content {
 public:
  explicit Content(std::span<const std::byte> root) : bytes_(root) {}

  /// A piece of the parent as it stands.
  static Content Piece(const Content& parent, ByteRange range, std::string decoder);
  /// Each decoded byte comes from `from` of the parent, at even shares: base64 (4 to 3), hex (2 to
  /// 1).
  static Content Even(const Content& parent, ByteRange from, Bytes decoded, std::string decoder);
  /// Any decoded byte comes from all of `from`: compression.
  static Content Whole(const Content& parent, ByteRange from, Bytes decoded, std::string decoder);
  /// Decoded byte i comes from parent bytes [table[i], table[i + 1]). @pre table.size() ==
  /// decoded.size() + 1
  static Content Table(const Content& parent, std::vector<uint32_t> table, Bytes decoded,
                       std::string decoder);

  std::span<const std::byte> bytes() const {
    return owned_.empty() ? bytes_ : std::span<const std::byte>(owned_);
  }
  size_t size() const { return bytes().size(); }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes().data()), size()}; }
  const Content* parent() const { return parent_; }
  int depth() const { return depth_; }
  const std::string& decoder() const { return decoder_; }

  /// The root's bytes that a range of these came from.
  ByteRange ToRoot(ByteRange range) const;
  /// The decoders from the root to here.
  std::vector<std::string> Chain() const;
  /// Share of printable ASCII and white space.
  double PrintableShare() const;

 private:
  enum class Mapping { kPiece, kEven, kWhole, kTable };
  Content(const Content& parent, Mapping mapping, ByteRange from, std::string decoder)
      : parent_(&parent),
        mapping_(mapping),
        from_(from),
        depth_(parent.depth_ + 1),
        decoder_(std::move(decoder)) {}
  ByteRange ToParent(ByteRange range) const;

  const Content* parent_ = nullptr;
  Mapping mapping_ = Mapping::kPiece;
  ByteRange from_;
  int depth_ = 0;
  std::string decoder_;
  std::span<const std::byte> bytes_;
  Bytes owned_;
  std::vector<uint32_t> table_;
};

/// Numbers that were written one after another, as text, JSON or a wire format.
struct NumberSeries {
  std::string path;  ///< "json $.track[].x", "csv column 2", "varints", …
  std::vector<double> values;
  ByteRange range;        ///< In the content that they were found in.
  size_t row_length = 0;  ///< Where they came in rows of equal length, else 0.
};

}  // namespace dustproof::internal
