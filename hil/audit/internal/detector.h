#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hil/audit/internal/across_messages.h"
#include "hil/audit/internal/cascade.h"
#include "hil/audit/internal/coordinates.h"
#include "hil/audit/internal/home_match.h"
#include "hil/audit/internal/map_files.h"
#include "hil/audit/internal/message_schema.h"
#include "hil/audit/internal/path_match.h"
#include "hil/audit/internal/patterns.h"
#include "hil/audit/internal/protocol_parts.h"
#include "hil/audit/internal/raw_finding.h"
#include "hil/audit/internal/scan_match.h"
#include "hil/audit/internal/truth.h"

namespace dustproof::internal {

/// How a byte of a flow is explained.
enum class Explanation : uint8_t { kNone, kProtocol, kSchema, kFinding };

/// Looks for personal data in everything that left the robot.
class Detector final : public ContentVisitor {
 public:
  /// All borrowed. `home` may be null: no map is then held against it. What it worked out in an earlier audit it
  /// knows in this one.
  Detector(const Truth& truth, const MessageSchema& schema, const HomeMatcher* home);
  ~Detector() override;

  void Run();

  const std::vector<RawFinding>& findings() const { return findings_; }
  /// By flow, one for each byte.
  const std::vector<std::vector<Explanation>>& explanations() const { return explanations_; }
  struct PartPlace {
    size_t flow = 0;
    ByteRange range;
    std::string where;
  };
  const std::vector<PartPlace>& parts() const { return parts_; }

  void OnContent(const Content& content) override;
  void OnNumbers(const Content& content, const NumberSeries& series) override;
  void OnGrid(const Content& content, std::span<const std::byte> cells, size_t width,
              ByteRange range) override;

 private:
  void CollectReceived();
  void RunFlow(size_t index);
  void RunPart(const Content& root, const ProtocolPart& part);
  void RunPlain(size_t index);
  void ExplainPart(const ProtocolPart& part, const Content& content);
  void Explain(ByteRange range, Explanation how);
  bool IsOwnAddress(const PatternHit& hit, ByteRange in_flow);
  void FindPatterns(const Content& content);
  void FindCoordinates(const Content& content);
  void FindMap(const Content& content);
  void FindPath(const Content& content);
  void AddAgain(const Content& map, const RawFinding& proven);
  void AddMapFile(const Content& map);
  std::string ProofKey(const Content& content, const char* category) const;
  void NoteStatusField(const Content& content, const std::string& path, std::string_view value);
  void NoteField(const std::string& path, double number, ByteRange range);
  void EmitStatus();
  void Add(const Content& content, ByteRange range, RawFinding finding);
  void FindAcrossMessages();
  void FindAddresses(const Content& content);
  std::string NormalRoute(const std::string& where) const;

  const Truth& truth_;
  const MessageSchema& schema_;
  std::unique_ptr<PatternMatcher> patterns_;
  std::vector<CoordinateMatcher> coordinates_;
  std::vector<std::string> coordinate_values_;
  const HomeMatcher* home_;
  std::unique_ptr<PathMatcher> path_;
  std::unique_ptr<ScanMatcher> scan_;
  Cascade cascade_;
  std::set<std::string, std::less<>> received_;
  std::set<std::string> own_addresses_, declared_hosts_;

  size_t flow_ = 0, part_ = 0;
  std::vector<ByteRange> own_address_;  // In the flow.
  const ProtocolPart* current_part_ = nullptr;
  const DeclaredMessage* declared_ = nullptr;
  std::set<std::string> declared_paths_;
  MapFiles map_files_;
  struct StatusSighting {
    ByteRange range;
    std::vector<std::string> decoders, keys;
  };
  std::optional<StatusSighting> status_;

  std::vector<RawFinding> findings_;
  std::vector<std::vector<Explanation>> explanations_;
  std::vector<PartPlace> parts_;
  AcrossMessages across_;
  std::map<std::string, std::vector<NumberSeries>> xy_series_;
};

}  // namespace dustproof::internal
