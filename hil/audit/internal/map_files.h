#pragma once

#include <map>
#include <set>
#include <string>

#include "hil/audit/internal/content.h"
#include "hil/audit/internal/message_schema.h"
#include "hil/audit/internal/raw_finding.h"

namespace dustproof::internal {

/// The product's own map files, told by the layout that its schema declares, wherever they hide.
///
/// Once a file was shown to carry this home, the next of the same layout on the same way to the
/// same party under the same consents carries it too: it is said again, and not proven again.
class MapFiles {
 public:
  /// `schema` is borrowed and outlives this.
  explicit MapFiles(const MessageSchema& schema) : schema_(schema) {}

  /// A new message begins: contents seen before are gone.
  void Begin() { on_stack_.clear(); }
  /// Call for each content before asking about it.
  void Note(const Content& content);
  /// The content, of this and those it was decoded from, that is a map file; or null.
  const Content* Around(const Content& content) const;

  /// What was proven under a key, to be added again; or null. A key names all that a proof holds
  /// for: party, route, consents, decoders.
  const RawFinding* Proven(const std::string& key) const;
  void SetProven(const std::string& key, const RawFinding& finding) { proven_[key] = finding; }

 private:
  bool HasMapLayout(const Content& content) const;

  const MessageSchema& schema_;
  std::set<const Content*> on_stack_;
  std::map<std::string, RawFinding> proven_;
};

}  // namespace dustproof::internal
