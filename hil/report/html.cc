#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "hil/report/failure_list.h"
#include "hil/report/internal/deadlines_json.h"
#include "hil/report/internal/real_time_json.h"
#include "hil/report/internal/page.h"
#include "hil/report/run_table.h"
#include "sim/plan/solids.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

std::string Base64(const void* data, size_t bytes) {
  std::string out(4 * ((bytes + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      static_cast<const unsigned char*>(data), static_cast<int>(bytes));
  out.resize(static_cast<size_t>(length));
  return out;
}

// For the content security policy: 'sha256-…' of what stands inside the element.
std::string Sha256Base64(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return Base64(digest, sizeof digest);
}

// Millimetres are enough to draw, and keep the page small.
double Round(double value) { return std::round(value * 1000) / 1000; }

Json Points(const Polygon& polygon) {
  Json points = Json::array();
  for (const Vec2& p : polygon) points.push_back({Round(p.x()), Round(p.y())});
  return points;
}

Json SolidJson(const Solid& solid) {
  static constexpr const char* kKinds[] = {"wall", "wall", "furniture", "dock"};
  Json json = {{"kind", kKinds[static_cast<size_t>(solid.owner)]}};
  if (solid.is_round) {
    json["x"] = Round(solid.X_WS.x), json["y"] = Round(solid.X_WS.y),
    json["radius"] = Round(solid.length_m / 2);
    return json;
  }
  Polygon corners;
  for (const auto& [sx, sy] : {std::pair{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}) {
    corners.push_back(solid.X_WS * Vec2(sx * solid.length_m / 2, sy * solid.width_m / 2));
  }
  json["polygon"] = Points(corners);
  return json;
}

Json PlanJson(const RunReport& r) {
  Json rooms = Json::array(), solids = Json::array();
  for (const Room& room : r.plan.rooms)
    rooms.push_back({{"name", room.name}, {"polygon", Points(room.polygon)}});
  for (const Solid& solid : SolidsOf(r.plan)) {
    if (solid.bottom_m < 2) solids.push_back(SolidJson(solid));
  }
  const Bounds bounds = BoundsOf(r.plan);
  return {{"rooms", rooms},
          {"solids", solids},
          {"robot_radius", r.robot_radius_m},
          {"bounds", {bounds.min.x(), bounds.min.y(), bounds.max.x(), bounds.max.y()}}};
}

Json TrackJson(const Track& track, double spacing_s) {
  Json t = Json::array(), x = Json::array(), y = Json::array(), yaw = Json::array();
  double next_s = -1;
  for (size_t i = 0; i < track.size(); ++i) {
    if (track.time_s[i] < next_s) continue;
    next_s = track.time_s[i] + spacing_s;
    t.push_back(Round(track.time_s[i])), x.push_back(Round(track.x_m[i])),
        y.push_back(Round(track.y_m[i]));
    yaw.push_back(Round(track.yaw_rad[i]));
  }
  return {{"t", t}, {"x", x}, {"y", y}, {"yaw", yaw}};
}

Json CoverageJson(const CoverageGrid& c) {
  return {{"width", c.floor.width},
          {"height", c.floor.height},
          {"resolution", c.floor.resolution_m},
          {"origin", {c.floor.X_WG.x, c.floor.X_WG.y}},
          {"first_s", Base64(c.first_s.data(), c.first_s.size() * 2)}};
}

Json MapJson(const RunSeries& s) {
  return {{"width", s.map.width},
          {"height", s.map.height},
          {"resolution", s.map.resolution_m},
          {"origin", {s.map.origin_x_m, s.map.origin_y_m}},
          {"pose", {s.X_WM.x, s.X_WM.y, s.X_WM.yaw}},
          {"cells", Base64(s.map.cells.data(), s.map.cells.size())}};
}

std::string Hex(const Bytes& bytes) {
  std::string out;
  char digits[3];
  for (const std::byte b : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(b));
    out += digits;
  }
  return out;
}

const char* KindWord(EmissionKind kind) {
  static constexpr const char* kWords[] = {
      "",          "ciphertext", "plaintext",  "datagram",       "broadcast",
      "dns_query", "dhcp",       "radio_name", "serial_console", "flash_at_rest"};
  return kWords[static_cast<size_t>(kind)];
}

Json FindingJson(const Finding& f) {
  return {{"id", f.id},
          {"category", f.category},
          {"party", f.party.key},
          {"organisation", f.party.organisation},
          {"region", f.party.region},
          {"host", f.party.host},
          {"consents", f.consents},
          {"time_s", f.time.seconds()},
          {"kind", KindWord(f.kind)},
          {"protocol", f.protocol},
          {"encrypted", f.encrypted},
          {"repeats", f.repeats},
          {"sequence", f.sequence},
          {"decoders", f.decoders},
          {"match_offset", f.first_byte},
          {"match_length", f.byte_count},
          {"excerpt_offset", f.excerpt_offset},
          {"excerpt_hex", Hex(f.excerpt)},
          {"confidence", f.form},
          {"note", f.what}};
}

std::string Format(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// What the baseline says of what fails, a sentence each.
Json BaselineJson(const RunReport& r) {
  Json lines = Json::array();
  for (const ListedFailure& f : ListFailures({&r})) {
    if (f.acceptance) lines.push_back(f.title + ": " + ToText(*f.acceptance));
  }
  return lines;
}

Json NumbersOf(const RunReport& r) {
  const RunMetrics& m = r.metrics;
  const auto number = [](const char* label, const std::string& value) {
    return Json{{"label", label}, {"value", value}};
  };
  Json numbers = {
      number("coverage of the reachable floor", Format("%.1f %%", 100 * m.coverage)),
      number("rooms entered",
             std::to_string(m.rooms_entered) + " of " + std::to_string(m.rooms_reachable)),
      number("trajectory error (ATE)", m.ate_m < 0 ? "–" : Format("%.3f m", m.ate_m)),
      number("free-space IoU of the map",
             m.free_space_iou < 0 ? "–" : Format("%.3f", m.free_space_iou)),
      number("revisit ratio", Format("%.2f", m.revisit_ratio)),
      number("time to 90 %", m.time_to_90_s > 0 ? Format("%.0f s", m.time_to_90_s) : "–"),
      number("moving", Format("%.0f s", m.moving_s)),
      number("distance", Format("%.1f m", m.distance_m)),
      number("energy", Format("%.1f Wh", m.energy_wh)),
      number("bumps", std::to_string(m.bumps)),
      number("simulated", Format("%.0f s", r.sim_s))};
  if (r.timing.wall_s > 0)
    numbers.push_back(number("real-time factor", Format("%.0f ×", r.sim_s / r.timing.wall_s)));
  return numbers;
}

/// Rows by category, in the policy's order, and each category's in the order in which a reader
/// wants them: fail, undetermined, pass, not exercised.
std::vector<VerdictRow> ForReaders(std::vector<VerdictRow> rows) {
  std::map<std::string, size_t> category_order;
  for (const VerdictRow& row : rows)
    category_order.try_emplace(row.category, category_order.size());
  const auto rank = [&](const VerdictRow& row) {
    constexpr int kRanks[] = {2, 0, 1, 3};  // By Verdict.
    return std::pair(category_order.at(row.category), kRanks[static_cast<size_t>(row.verdict)]);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const VerdictRow& a, const VerdictRow& b) { return rank(a) < rank(b); });
  return rows;
}

Json VerdictsJson(const AuditReport& audit) {
  Json verdicts = Json::array();
  for (const VerdictRow& v : ForReaders(audit.verdicts)) {
    const std::string heading =
        v.verdict == Verdict::kFail ? HeadingFor(v.basis) + std::string(": ") : "";
    verdicts.push_back({{"category", v.category},
                        {"party", v.party},
                        {"purpose", v.purpose},
                        {"phase", v.phase},
                        {"reading", ToWord(v.reading)},
                        {"verdict", ToWord(v.verdict)},
                        {"basis", ToWord(v.basis)},
                        {"clause", v.clause},
                        {"reason", heading + v.reason},
                        {"evidence", v.evidence}});
  }
  return verdicts;
}

Json RunJson(const RunReport& r) {
  Json run = {{"consent", r.consent}, {"description", r.consent_description},
              {"hash", r.hash},       {"sim_s", r.sim_s},
              {"end", r.end},         {"diagnosis", r.diagnosis}};
  Json findings = Json::array(), usefulness = Json::array(), bytes = Json::array();
  for (const Finding& f : r.audit.findings) findings.push_back(FindingJson(f));
  for (const UsefulnessCheck& u : r.audit.usefulness) {
    std::string text = u.name;
    for (char& c : text) c = c == '_' ? ' ' : c;
    usefulness.push_back(
        {{"key", u.name}, {"text", text}, {"verdict", ToWord(u.verdict)}, {"detail", u.detail}});
  }
  for (const auto& [expected, sentence] : r.failed_expectations) {
    usefulness.push_back({{"key", sentence},
                          {"text", "not as expected: " + sentence},
                          {"verdict", "fail"},
                          {"detail", ""}});
  }
  for (const PartyBytes& b : r.audit.bytes_by_party) {
    bytes.push_back({{"party", b.party.key},
                     {"organisation", b.party.organisation},
                     {"region", b.party.region},
                     {"bytes_out", b.bytes_out},
                     {"bytes_in", b.bytes_in},
                     {"bytes_unexplained", b.bytes_unexplained}});
  }
  run["verdicts"] = VerdictsJson(r.audit), run["findings"] = findings,
  run["usefulness"] = usefulness, run["bytes"] = bytes;
  run["baseline"] = BaselineJson(r);
  run["numbers"] = NumbersOf(r);
  run["compute"] = r.compute, run["deadlines"] = DeadlinesJson(r.deadlines);
  run["real_time"] = RealTimeJson(r.real_time);
  Json emissions = Json::array(), events = Json::array(), consents = Json::array();
  for (const TimelineEmission& e : r.emissions)
    emissions.push_back({{"t", e.time_s}, {"party", e.party}, {"bytes", e.bytes}});
  for (const RunEvent& e : r.events) {
    events.push_back(
        {{"t", e.time.seconds()}, {"source", e.source}, {"name", e.name}, {"detail", e.detail}});
  }
  for (const ConsentChange& c : r.audit.consent_changes) {
    consents.push_back({{"t", c.time.seconds()}, {"consent", c.consent}, {"state", c.state}});
  }
  run["emissions"] = emissions, run["events"] = events, run["consents"] = consents;
  run["truth"] = TrackJson(r.series.truth, 0.3);
  if (r.series.belief.size() > 0 && r.metrics.ate_m >= 0)
    run["belief"] = TrackJson(r.series.belief, 0.5);
  if (r.has_plan) run["plan"] = PlanJson(r), run["coverage"] = CoverageJson(r.series.coverage);
  if (r.series.has_map && r.metrics.ate_m >= 0) run["map"] = MapJson(r.series);
  return run;
}

// JSON inside a script element must not close it, nor keep it open: behind `<!--<script` no
// `</script>` counts. Outside strings JSON has no `<`.
std::string ForScriptElement(const std::string& json) {
  std::string out;
  for (const char c : json) c == '<' ? out += "\\u003c" : out += c;
  return out;
}

std::string EscapeText(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

void Replace(std::string* page, const std::string& mark, const std::string& text) {
  const size_t at = page->find(mark);
  if (at != std::string::npos) page->replace(at, mark.size(), text);
}

std::string Plural(size_t count, const char* word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

}  // namespace

std::string RenderHtml(const std::vector<const RunReport*>& reports) {
  Json data = {{"title", "Dustproof"}, {"subtitle", ""}, {"footer", ""}, {"runs", Json::array()}};
  std::string title = "Dustproof report";
  if (!reports.empty()) {
    const RunReport& first = *reports[0];
    title = first.scenario + ": what the robot told whom";
    data["title"] = title;
    data["subtitle"] = first.description + (first.description.empty() ? "" : " — ") + "home " +
                       first.home + ", firmware " + first.firmware + ", policy " + first.policy +
                       ", seed " + std::to_string(first.seed) + ", " +
                       Plural(reports.size(), "run") + ".";
    data["footer"] =
        "Dustproof " + first.build +
        ". A pass means: the data existed, the way out was exercised, and nothing was found on it "
        "that the policy forbids. "
        "The policy is an English rendering of a Chinese text; where they differ, the Chinese "
        "governs.";
  }
  for (const RunReport* report : reports) data["runs"].push_back(RunJson(*report));
  std::string page(kPageHtml);
  // The script goes in last: nothing in the data can then be taken for one of the marks.
  Replace(&page, "@TITLE@", EscapeText(title));
  Replace(&page, "@SCRIPT_HASH@", Sha256Base64(kPageScript));
  Replace(&page, "@STYLE_HASH@", Sha256Base64(kPageStyle));
  Replace(&page, "@STYLE@", std::string(kPageStyle));
  Replace(&page, "@SCRIPT@", std::string(kPageScript));
  Replace(&page, "@DATA@",
          ForScriptElement(data.dump(-1, ' ', false, Json::error_handler_t::replace)));
  return page;
}

}  // namespace dustproof
