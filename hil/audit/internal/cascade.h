#pragma once

#include <cstdint>
#include <set>

#include "hil/audit/internal/content.h"

namespace dustproof::internal {

/// Sees everything that the cascade makes out of some bytes: the bytes themselves first, then each
/// decoding.
class ContentVisitor {
 public:
  virtual ~ContentVisitor() = default;
  virtual void OnContent(const Content& content) = 0;
  virtual void OnNumbers(const Content& content, const NumberSeries& series) = 0;
  /// Rows of `width` samples: pictures say how wide they are.
  virtual void OnGrid(const Content& content, std::span<const std::byte> cells, size_t width,
                      ByteRange range) = 0;
};

/// Decodes bytes by every decoder that fits, and what comes out again, to a depth of eight:
/// compression, base64 and its kin, hex, URL escapes, JSON, protobuf, numbers in text, PNG. Bounded
/// in depth and in bytes, whatever the input.
class Cascade {
 public:
  struct Limits {
    int depth_max = 8;
    size_t bytes_max = 64u << 20;  ///< Of all decoded bytes of one root.
    size_t unpacked_bytes_max = 16u << 20;
    size_t contents_max = 20000;
  };

  explicit Cascade(ContentVisitor& visitor) : Cascade(visitor, Limits()) {}
  Cascade(ContentVisitor& visitor, Limits limits) : visitor_(visitor), limits_(limits) {}

  /// `content` may itself be decoded; its depth counts from here.
  void Run(const Content& content);

 private:
  void Visit(const Content& content);
  bool Spend(size_t bytes);

  void TryPng(const Content& content);
  void TryUnpack(const Content& content);
  void TryJson(const Content& content);
  void TryProtobuf(const Content& content);
  void TryVarints(const Content& content);
  void TryUrl(const Content& content);
  void TryHex(const Content& content);
  void TryBase64(const Content& content);
  void TryBase32(const Content& content);
  void TryTextNumbers(const Content& content);
  void EmitNumbers(const Content& content, const NumberSeries& series);

  ContentVisitor& visitor_;
  Limits limits_;
  int base_depth_ = 0;
  size_t spent_ = 0, contents_ = 0;
  std::set<uint64_t> seen_;
};

}  // namespace dustproof::internal
