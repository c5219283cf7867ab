#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hil/audit/audit_report.h"

namespace dustproof {

/// Takes planted values out of texts that a firmware had a say in: names, log lines, what it died of. Whoever uploads such a
/// text to another's server uploads no secret.
///
/// A value is known in every spelling that the audit knows, digests too, and behind its decoders (base64, hex, URL
/// escapes, JSON …); one of fewer than seven letters and digits as it was planted, and of fewer than four not at all.
class Redactor {
 public:
  /// `planted`: categories to values.
  explicit Redactor(const std::map<std::string, std::vector<std::string>>& planted);
  ~Redactor();

  /// `text` with `[wifi_password, 16 bytes, xxh3 0123456789abcdef]` in the place of each: category, length and hash of
  /// the value as it was planted.
  std::string Redact(const std::string& text);
  void Redact(std::vector<std::string>* texts);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Redacts every text of an audit that the outputs for continuous integration show. What the page alone quotes, values
/// and bytes of findings, stays.
void RedactTexts(Redactor& redactor, AuditReport* report);

}  // namespace dustproof
