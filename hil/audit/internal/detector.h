#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/audit/internal/cascade.h"
#include "hil/audit/internal/coordinates.h"
#include "hil/audit/internal/home_match.h"
#include "hil/audit/internal/message_schema.h"
#include "hil/audit/internal/path_match.h"
#include "hil/audit/internal/patterns.h"
#include "hil/audit/internal/protocol_parts.h"
#include "hil/audit/internal/scan_match.h"
#include "hil/audit/internal/truth.h"

namespace dustproof::internal {

/// A match before matches of one thing are made one finding.
struct RawFinding {
  size_t flow = 0;  ///< Index among `flows`.
  size_t part = 0;  ///< Counts the parts of all flows: a message is a part.
  ByteRange range;  ///< In the flow's bytes.
  std::vector<std::string> decoders;
  FindingMethod method = FindingMethod::kExact;
  std::string category, form, what, value, where, purpose;
  double p_value = 0, score = 0;
  size_t content_bytes = 0;  ///< Of the decoded bytes that it stands in: small is specific.
};

/// How a byte of a flow is explained.
enum class Explanation : uint8_t { kNone, kProtocol, kSchema, kFinding };

/// A value or number of a message's field, for what only shows over several messages.
struct FieldValue {
  SimTime time;
  size_t flow = 0, part = 0;
  ByteRange range;
  double number = 0;
};

/// Looks for personal data in everything that left the robot.
class Detector final : public ContentVisitor {
 public:
  Detector(const Truth& truth, const MessageSchema& schema, int null_homes);
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
  struct Fragments;

  void CollectReceived();
  void RunFlow(size_t index);
  void RunPart(const Content& root, const ProtocolPart& part);
  void RunPlain(size_t index);
  void ExplainPart(const ProtocolPart& part, const Content& content);
  void Explain(ByteRange range, Explanation how);
  /// The content, of this and those it was decoded from, that has the layout of a declared map; or
  /// null.
  const Content* MapAround(const Content& content) const;
  bool HasMapLayout(const Content& content) const;
  void AddMapFile(const Content& map);
  void NoteStatusField(const Content& content, const std::string& path, std::string_view value);
  void NoteField(const std::string& path, double number, ByteRange range);
  void EmitStatus();
  void Add(const Content& content, ByteRange range, RawFinding finding);
  void FindSeries();
  void FindSplitValues();
  void FindAddresses(const Content& content);
  std::string NormalRoute(const std::string& where) const;

  const Truth& truth_;
  const MessageSchema& schema_;
  std::unique_ptr<PatternMatcher> patterns_;
  std::vector<CoordinateMatcher> coordinates_;
  std::vector<std::string> coordinate_values_;
  std::unique_ptr<HomeMatcher> home_;
  std::unique_ptr<PathMatcher> path_;
  std::unique_ptr<ScanMatcher> scan_;
  Cascade cascade_;
  std::set<std::string, std::less<>> received_;
  std::set<std::string> own_addresses_, declared_hosts_;

  size_t flow_ = 0, part_ = 0;
  const ProtocolPart* current_part_ = nullptr;
  const DeclaredMessage* declared_ = nullptr;
  std::set<std::string> declared_paths_;
  std::set<const Content*>
      maps_;  ///< Contents on the cascade's stack that have a declared map's layout.
  struct StatusSighting {
    ByteRange range;
    std::vector<std::string> decoders, keys;
  };
  std::optional<StatusSighting> status_;

  std::vector<RawFinding> findings_;
  std::vector<std::vector<Explanation>> explanations_;
  std::vector<PartPlace> parts_;
  std::map<std::string, std::vector<FieldValue>> fields_;
  std::map<std::string, std::unique_ptr<Fragments>> fragments_;
  std::map<std::string, std::vector<NumberSeries>> xy_series_;
};

}  // namespace dustproof::internal
