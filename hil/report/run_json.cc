#include <cmath>
#include <nlohmann/json.hpp>

#include "hil/report/internal/deadlines_json.h"
#include "hil/report/internal/real_time_json.h"
#include "hil/report/run_table.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

Json VerdictsOf(const AuditReport& audit) {
  Json rows = Json::array();
  for (const VerdictRow& v : audit.verdicts) {
    rows.push_back({{"emitter", v.emitter},
                    {"category", v.category},
                    {"party", v.party},
                    {"purpose", v.purpose},
                    {"phase", v.phase},
                    {"reading", ToWord(v.reading)},
                    {"verdict", ToWord(v.verdict)},
                    {"basis", ToWord(v.basis)},
                    {"clause", v.clause},
                    {"evidence", v.evidence},
                    {"reason", v.reason},
                    {"rule", v.rule},
                    {"consent", v.consent}});
  }
  return rows;
}

// Hashes, lengths and places, never bytes: these files get uploaded to other people's servers.
Json FindingsOf(const AuditReport& audit) {
  Json rows = Json::array();
  for (const Finding& f : audit.findings) {
    rows.push_back({{"id", f.id},
                    {"time_s", f.time.seconds()},
                    {"message", f.sequence},
                    {"message_last", f.sequence_last},
                    {"first_byte", f.first_byte},
                    {"byte_count", f.byte_count},
                    {"decoders", f.decoders},
                    {"method", ToWord(f.method)},
                    {"form", f.form},
                    {"category", f.category},
                    {"emitter", f.emitter},
                    {"party", f.party.key},
                    {"organisation", f.party.organisation},
                    {"role", f.party.role},
                    {"region", f.party.region},
                    {"host", f.party.host},
                    {"protocol", f.protocol},
                    {"encrypted", f.encrypted},
                    {"consents", f.consents},
                    {"repeats", f.repeats},
                    {"p_value", f.p_value}});
  }
  return rows;
}

Json UsefulnessOf(const AuditReport& audit) {
  Json checks = Json::object();
  for (const UsefulnessCheck& check : audit.usefulness) {
    checks[check.name] = {{"verdict", ToWord(check.verdict)}, {"detail", check.detail}};
  }
  return checks;
}

Json OrNull(double value) { return value < 0 ? Json(nullptr) : Json(value); }

Json MetricsOf(const RunMetrics& m) {
  return {{"coverage", m.coverage},
          {"time_to_90_s", m.time_to_90_s},
          {"reachable_m2", m.reachable_m2},
          {"revisit_ratio", m.revisit_ratio},
          {"rooms_entered", m.rooms_entered},
          {"rooms_reachable", m.rooms_reachable},
          {"ate_m", OrNull(m.ate_m)},
          {"free_space_iou", OrNull(m.free_space_iou)},
          {"distance_m", m.distance_m},
          {"moving_s", m.moving_s},
          {"energy_wh", m.energy_wh},
          {"charge_min_pct", OrNull(m.charge_min_pct)},
          {"bumps", m.bumps}};
}

Json BytesOf(const AuditReport& audit) {
  Json rows = Json::array();
  for (const PartyBytes& b : audit.bytes_by_party) {
    rows.push_back({{"party", b.party.key},
                    {"organisation", b.party.organisation},
                    {"region", b.party.region},
                    {"emitter", b.emitter},
                    {"out", b.bytes_out},
                    {"in", b.bytes_in},
                    {"schema", b.bytes_schema},
                    {"protocol", b.bytes_protocol},
                    {"finding", b.bytes_finding},
                    {"unexplained", b.bytes_unexplained}});
  }
  return rows;
}

Json RunOf(const RunReport& r, const std::string& report_path) {
  const RunTiming& t = r.timing;
  Json warnings = Json::array();
  for (const Diagnostic& warning : r.audit.warnings) warnings.push_back(ToString(warning));
  return {{"scenario", r.scenario},
          {"consent", r.consent},
          {"seed", r.seed},
          {"hash", r.hash},
          {"end", r.end},
          {"sim_s", r.sim_s},
          {"wall_s", t.wall_s},
          {"real_time_factor", t.wall_s > 0 ? r.sim_s / t.wall_s : 0},
          {"cpu_share",
           {{"physics", t.physics},
            {"lidar", t.lidar},
            {"firmware", t.firmware},
            {"network", t.network},
            {"audit", t.audit},
            {"other", t.other}}},
          {"home", r.home},
          {"robot", r.robot},
          {"firmware", r.firmware},
          {"policy", r.policy},
          {"policy_parties", r.audit.policy_parties},
          {"build", r.build},
          {"verdicts", VerdictsOf(r.audit)},
          {"findings", FindingsOf(r.audit)},
          {"usefulness", UsefulnessOf(r.audit)},
          {"metrics", MetricsOf(r.metrics)},
          {"compute", r.compute},
          {"deadlines", DeadlinesJson(r.deadlines)},
          {"firmware_kind", r.firmware_kind},
          {"board", r.board},
          {"board_build_id", r.board_build_id},
          {"real_time", RealTimeJson(r.real_time)},
          {"bytes_by_party", BytesOf(r.audit)},
          {"failed_expectations", r.failed_expectations},
          {"failed", r.failed()},
          {"warnings", warnings},
          {"diagnosis", r.diagnosis},
          {"recording", r.recording},
          {"report", report_path}};
}

}  // namespace

std::string RenderRunJson(const std::vector<const RunReport*>& reports,
                          const std::string& report_path) {
  Json runs = Json::array();
  for (const RunReport* report : reports) runs.push_back(RunOf(*report, report_path));
  // Firmware may log or name things in bytes that are no UTF-8; they are replaced rather than
  // refused.
  return runs.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace dustproof
