// The audit's decoders on any bytes: every range that they name must lie in what they were given.
#include "hil/audit/internal/cascade.h"
#include "tests/fuzz/fuzz_input.h"

namespace dustproof::internal {
namespace {

class RangeChecker final : public ContentVisitor {
 public:
  explicit RangeChecker(size_t root_bytes) : root_bytes_(root_bytes) {}

  void OnContent(const Content& content) override { Check(content, {0, content.size()}); }
  void OnNumbers(const Content& content, const NumberSeries& series) override {
    DP_CHECK(!series.values.empty());
    Check(content, series.range);
  }
  void OnGrid(const Content& content, std::span<const std::byte> cells, size_t width,
              ByteRange range) override {
    DP_CHECK(width > 0 && width <= cells.size(), width, cells.size());
    Check(content, range);
  }

 private:
  void Check(const Content& content, ByteRange range) const {
    DP_CHECK(range.begin <= range.end && range.end <= content.size(), range.begin, range.end,
             content.size());
    const ByteRange root = content.ToRoot(range);
    DP_CHECK(root.begin <= root.end && root.end <= root_bytes_, root.begin, root.end, root_bytes_);
    DP_CHECK(content.depth() == 0 || !content.Chain().empty());
  }
  size_t root_bytes_;
};

}  // namespace
}  // namespace dustproof::internal

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof::internal;
  const auto bytes = dustproof::fuzz::Input(data, size).Rest();
  RangeChecker checker(bytes.size());
  Cascade cascade(checker,
                  {.bytes_max = 1u << 20, .unpacked_bytes_max = 1u << 18, .contents_max = 500});
  cascade.Run(Content(bytes));
  return 0;
}
