#include "sim/scenario/scenario.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <set>

#include "sim/config/config.h"
#include "sim/config/file_name.h"

namespace dustproof {
namespace {

// No run is longer, so nothing can happen later; sums of times stay far from the end of the clock.
constexpr SimDuration kLongestRun = SimDuration::Seconds(86400 * 60);

// How a consent configuration is written; `ToConfiguration` makes the steps of it.
struct ChangeSpec {
  SimDuration at;
  std::string consent;
  std::string state;
  SourceLocation where;

  void Describe(Fields& f) {
    f.Where(&where);
    f.Duration("at", &at,
               {.doc = "When the user changes it.",
                .required = true,
                .min = SimDuration(),
                .max = kLongestRun});
    f.Text("consent", &consent, {.doc = "Name of the consent.", .required = true});
    f.Text("state", &state,
           {.doc = "What it becomes.",
            .required = true,
            .choices = {"granted", "denied", "withdrawn"}});
  }
};

struct ConfigurationSpec {
  std::string description;
  bool run_by_default = true;
  std::string others = "denied";
  std::vector<std::pair<std::string, std::string>> answers;
  std::vector<ChangeSpec> changes;
  SourceLocation where;

  void Describe(Fields& f) {
    static const std::vector<std::string> kStates = {"unset", "granted", "denied"};
    f.Where(&where);
    f.Text("description", &description,
           {.doc = "One sentence for the report.", .may_be_empty = true});
    f.Bool("run_by_default", &run_by_default,
           {.doc = "Whether `run` without --consent includes it."});
    f.TextDictionary(
        "answers", &answers,
        {.doc = "Answer to each consent on the app's consent screen.", .choices = kStates});
    f.Text("others", &others,
           {.doc = "Answer to every consent that `answers` doesn't name.", .choices = kStates});
    f.List("changes", &changes, {.doc = "What the user changes later."});
  }
};

// Certificates and firmware's clocks hold these, and our own clock of nanoseconds ends in 2262.
constexpr int kFirstYear = 1970, kLastYear = 2199;

// Seconds since 1970 of a local time in an IANA zone. glibc reads the zone from TZ, so the
// environment is borrowed for the call; loading is single-threaded.
std::optional<int64_t> LocalToUnix(const std::string& local, const std::string& zone) {
  std::tm tm{};
  int used = 0;
  if (std::sscanf(local.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                  &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6 ||
      static_cast<size_t>(used) != local.size()) {
    return std::nullopt;
  }
  if (tm.tm_year < kFirstYear || tm.tm_year > kLastYear) return std::nullopt;
  tm.tm_year -= 1900;
  tm.tm_mon -= 1;
  tm.tm_isdst = -1;
  const std::tm asked = tm;
  const char* before = std::getenv("TZ");
  const std::string saved = before ? before : "";
  setenv("TZ", zone.c_str(), 1);
  tzset();
  const time_t t = std::mktime(&tm);
  before ? setenv("TZ", saved.c_str(), 1) : unsetenv("TZ");
  tzset();
  // mktime normalises 31 February and 25 o'clock; we refuse them. An hour that the zone's summer
  // time leaves out moves by that hour, and stands.
  if (tm.tm_mday != asked.tm_mday || tm.tm_mon != asked.tm_mon || tm.tm_min != asked.tm_min ||
      tm.tm_sec != asked.tm_sec)
    return std::nullopt;
  return t;
}

bool IsTimeZone(const std::string& zone) {
  if (zone == "UTC") return true;
  std::error_code unreadable;  // Of a name that no file can have.
  return !zone.empty() && zone.find("..") == std::string::npos && zone[0] != '/' &&
         std::filesystem::is_regular_file("/usr/share/zoneinfo/" + zone, unreadable);
}

std::string UnknownConsent(const std::string& name, const std::vector<std::string>& known) {
  const std::string near = SuggestWord(name, known);
  return "names the consent '" + name + "', which 'consents' does not list" +
         (near.empty() ? "" : "; did you mean '" + near + "'?");
}

ConsentConfiguration ToConfiguration(const std::string& name, const ConfigurationSpec& spec,
                                     const std::vector<std::string>& consents, Fields& f) {
  ConsentConfiguration configuration{name, spec.description, spec.run_by_default, {}, {}, spec.where};
  const auto known = [&](const std::string& consent) {
    return std::find(consents.begin(), consents.end(), consent) != consents.end();
  };
  for (const std::string& consent : consents)
    ParseConsentState(spec.others, &configuration.initial[consent]);
  for (const auto& [consent, state] : spec.answers) {
    if (!known(consent)) {
      f.Problem("consent_configurations", name + ".answers " + UnknownConsent(consent, consents));
      continue;
    }
    ParseConsentState(state, &configuration.initial[consent]);
  }
  for (const ChangeSpec& change : spec.changes) {
    if (!known(change.consent)) {
      f.Problem("consent_configurations",
                name + ".changes " + UnknownConsent(change.consent, consents));
      continue;
    }
    ConsentStep step{SimTime::Zero() + change.at, change.consent, ConsentState::kUnset};
    ParseConsentState(change.state, &step.state);
    configuration.changes.push_back(step);
  }
  std::stable_sort(configuration.changes.begin(), configuration.changes.end(),
                   [](const ConsentStep& a, const ConsentStep& b) { return a.at < b.at; });
  const auto policy = configuration.initial.find("C_POLICY");
  if (policy != configuration.initial.end() && policy->second != ConsentState::kGranted) {
    for (const auto& [consent, state] : configuration.initial) {
      if (state == ConsentState::kGranted) {
        f.Problem(
            "consent_configurations",
            name + " grants " + consent + " while C_POLICY is " + ToWord(policy->second) +
                ": no consent can be granted before the policy is accepted; grant C_POLICY, or "
                "deny " +
                consent);
      }
    }
  }
  return configuration;
}

}  // namespace

const std::vector<std::string>& ScriptActions() {
  static const std::vector<std::string> kActions = {
      "pair",  "clean",       "dock",           "stop",          "locate",
      "press", "delete_data", "delete_account", "factory_reset", "open_app", "type"};
  return kActions;
}

const std::vector<std::string>& FaultActions() {
  static const std::vector<std::string> kActions = {"power_cut",          "brownout",
                                                    "battery_charge",     "flash_bit_errors",
                                                    "flash_read_disturb", "flash_lost_writes"};
  return kActions;
}

void PartySpec::Describe(Fields& f) {
  f.Text("key", &key,
         {.doc = "Party as the policy names it, e.g. vendor_cloud_cn.", .required = true});
  f.Text("organisation", &organisation, {.doc = "Who it is.", .required = true});
  f.Text("role", &role,
         {.doc = "What it is to the vendor.",
          .choices = {"first_party", "processor", "sdk_vendor", "third_party", "authority"}});
  f.Text("region", &region, {.doc = "Where its servers stand, e.g. CN.", .required = true});
  f.Texts("hosts", &hosts,
          {.doc = "Host names that belong to it.", .required = true, .count_min = 1});
}

void OutageSpec::Describe(Fields& f) {
  f.Duration(
      "at", &at,
      {.doc = "Start of the outage.", .required = true, .min = SimDuration(), .max = kLongestRun});
  f.Duration(
      "duration", &duration,
      {.doc = "How long it lasts.", .min = SimDuration::Milliseconds(1), .max = kLongestRun});
  f.Text("what", &what, {.doc = "What is down.", .choices = {"internet", "wifi"}});
}

void NetworkSpec::Describe(Fields& f) {
  f.Duration(
      "latency", &latency,
      {.doc = "One way to the cloud.", .min = SimDuration(), .max = SimDuration::Seconds(10)});
  f.Duration("jitter", &jitter,
             {.doc = "Standard deviation of the latency.",
              .min = SimDuration(),
              .max = SimDuration::Seconds(10)});
  f.Number("bandwidth_bit_per_s", &bandwidth_bit_per_s,
           {.doc = "Each direction.", .min = 1000, .max = 1e11});
  f.Number("loss_probability", &loss_probability, {.doc = "Of one segment.", .min = 0, .max = 0.5});
  f.List("outages", &outages, {.doc = "When the link is down."});
}

void TrustSpec::Describe(Fields& f) {
  f.Text("ca_certificate", &ca_certificate,
         {.doc = "PEM of the vendor's CA; relative to this file.", .may_be_empty = true});
  f.Text("ca_key", &ca_key, {.doc = "PEM of its key.", .may_be_empty = true});
  f.Text("device_certificate", &device_certificate,
         {.doc = "PEM given to the robot by its factory.", .may_be_empty = true});
  f.Text("device_key", &device_key, {.doc = "PEM of its key.", .may_be_empty = true});
  f.Rule({"ca_certificate", "ca_key"}, ca_certificate.empty() == ca_key.empty(),
         "needs both ca_certificate and ca_key, or neither");
  f.Rule({"device_certificate", "device_key"}, device_certificate.empty() == device_key.empty(),
         "needs both device_certificate and device_key, or neither");
}

void ScriptStep::Describe(Fields& f) {
  f.Where(&where);
  f.Duration("at", &at,
             {.doc = "Simulated time since the start.",
              .required = true,
              .min = SimDuration(),
              .max = kLongestRun});
  f.Text("do", &action, {.doc = "What happens.", .required = true, .choices = ScriptActions()});
  f.Text("value", &value, {.doc = "For press: clean, home or reset. For type: text, in which \\xHH is a byte.", .may_be_empty = true});
  const bool is_button = value == "clean" || value == "home" || value == "reset";
  f.Rule({"do", "value"}, action != "press" || is_button,
         "press needs a value: clean, home or reset; got '" + value + "'");
  f.Rule({"do", "value"}, action != "type" || !value.empty(), "type needs a value: what is typed into the robot's debug port");
}

void FaultSpec::Describe(Fields& f) {
  f.Where(&where);
  f.Duration("at", &at,
             {.doc = "Simulated time since the start; or `on`.",
              .min = SimDuration(),
              .max = kLongestRun});
  f.Text("on", &on,
         {.doc = "flash_program or flash_erase (the begin of one), or an event of the recording as "
                 "source.name, e.g. cloud.consent_sent.",
          .may_be_empty = true});
  f.Integer("count", &count,
            {.doc = "At the how-manieth of these it happens.", .min = 1, .max = 1'000'000});
  f.Duration("after", &after,
             {.doc = "How long after it.", .min = SimDuration(), .max = kLongestRun});
  f.Text("do", &action, {.doc = "What happens.", .required = true, .choices = FaultActions()});
  f.Duration("duration", &duration,
             {.doc = "How long it lasts. Absent: power_cut 2s, brownout 50ms, flash faults to the "
                     "end of the run.",
              .min = SimDuration::Microseconds(1),
              .max = kLongestRun});
  f.Number("value", &value,
           {.doc = "For battery_charge the share of charge, for flash_bit_errors and "
                   "flash_lost_writes a probability, for flash_read_disturb a count of reads.",
            .min = 0,
            .max = 1e9});
  f.Rule({"at", "on"}, at.has_value() == on.empty(), "needs either at or on");
  const bool is_flash = on == "flash_program" || on == "flash_erase";
  f.Rule({"on"}, on.empty() || is_flash || on.find('.') != std::string::npos,
         "must be flash_program, flash_erase or source.name of an event, got '" + on + "'");
  const bool takes_value = action != "power_cut" && action != "brownout";
  f.Rule({"value", "do"}, takes_value || value == 0, action + " takes no value");
  f.Rule({"value", "do"}, !takes_value || action == "flash_read_disturb" || value <= 1,
         action + " takes a share from 0 to 1, got " + FormatNumber(value));
}

void EndSpec::Describe(Fields& f) {
  f.Bool("when_docked_after_cleaning", &when_docked_after_cleaning,
         {.doc = "End before `duration`, once cleaned and docked."});
  f.Duration(
      "linger", &linger,
      {.doc = "How long the run goes on after that.", .min = SimDuration(), .max = kLongestRun});
}

void ExpectSpec::Describe(Fields& f) {
  f.Number("coverage_min", &coverage_min,
           {.doc = "Share of the reachable floor.", .min = 0, .max = 1});
  f.Number("ate_m_max", &ate_m_max,
           {.doc = "Absolute trajectory error, RMSE.", .min_exclusive = 0});
  f.Bool("docked", &docked, {.doc = "The robot ends on its dock."});
  f.Bool("cleaning_finished", &cleaning_finished, {.doc = "The firmware finished its cleaning."});
  f.Text("deadlines", &deadlines,
         {.doc = "Every deadline of the robot's is kept.", .choices = {"met"}});
  f.Bool("app_gets_map_where_granted", &app_gets_map_where_granted,
         {.doc = "Usefulness: the app shows a map where C_MAP_UPLOAD is granted."});
  f.Bool("commands_work", &commands_work,
         {.doc = "Usefulness: every command of the app is acknowledged."});
}

void Scenario::Describe(Fields& f) {
  f.Text("name", &name, {.doc = "Short name; the file's where absent.", .may_be_empty = true});
  f.Text("description", &description,
         {.doc = "One sentence for the report.", .may_be_empty = true});
  f.Text("home", &home,
         {.doc = "A home (YAML) or a map_server map; relative to this file.", .required = true});
  f.Text("robot", &robot, {.doc = "robot.yaml; relative to this file.", .required = true});
  f.Text("firmware", &firmware, {.doc = "A name of `dustproof list firmware`, or a path."});
  f.Text("firmware_kind", &firmware_kind,
         {.doc = "How the firmware runs: its shared object, its program, or its program in real time.",
          .choices = {"library", "process", "board"}});
  f.Texts("board_labels", &board_labels,
          {.doc = "Labels of the boards of a bench that this scenario is for."});
  f.Text("policy", &policy,
         {.doc = "The policy to judge by; relative to this file.", .required = true});
  f.Text("start", &start, {.doc = "Local date and time, e.g. 2026-03-02T09:00:00."});
  f.Text("time_zone", &time_zone, {.doc = "IANA name, e.g. Asia/Shanghai."});
  f.Duration("duration", &duration,
             {.doc = "The run ends here at the latest.",
              .min = SimDuration::Seconds(1),
              .max = kLongestRun});
  f.Integer("seed", &seed, {.doc = "Of everything random; --seed overrides it.", .min = 0});
  f.Text("region", &region,
         {.doc = "Where the robot is registered.", .choices = {"CN", "EU", "US"}});
  f.Text("cloud_host", &cloud_host,
         {.doc = "Host of the vendor's cloud that the app hands to the robot."});
  f.Section("network", &network, {.doc = "The home's link to the internet."});
  f.Section("trust", &trust, {.doc = "The vendor's own CA, for firmware that pins it."});
  f.List("parties", &parties, {.doc = "Who owns which hosts; everybody else is party `other`."});
  f.Texts("consents", &consents,
          {.doc = "The consents that this scenario plays with.", .count_min = 1});
  lists_consents = f.Raw("consents") != nullptr;
  std::vector<std::pair<std::string, ConfigurationSpec>> specs;
  f.Dictionary("consent_configurations", &specs,
               {.doc = "How the user answers: one run each.", .required = true});
  f.List("script", &script, {.doc = "What the user does."});
  f.List("faults", &faults, {.doc = "What goes wrong in the robot's hardware, and when."});
  f.Section("end", &end, {.doc = "When the run is over."});
  f.Section("expect", &expect, {.doc = "What must hold beside the policy."});
  if (!f.reading()) return;

  f.Rule({"time_zone"}, IsTimeZone(time_zone),
         "must be an IANA time zone such as Asia/Shanghai or UTC, got '" + time_zone + "'");
  const std::optional<int64_t> unix_s =
      LocalToUnix(start, IsTimeZone(time_zone) ? time_zone : "UTC");
  f.Rule({"start"}, unix_s.has_value(),
         "must be a date and time such as 2026-03-02T09:00:00, got '" + start + "'");
  if (unix_s) start_utc = WallTime::FromUnixSeconds(*unix_s);
  std::set<std::string> hosts;
  for (const PartySpec& party : parties) {
    for (const std::string& host : party.hosts) {
      if (!hosts.insert(host).second)
        f.Problem("parties", "the host '" + host + "' belongs to two parties");
    }
  }
  f.Rule({"cloud_host"}, hosts.count(cloud_host) > 0,
         "'" + cloud_host + "' must be a host of one of the parties");
  // Names of scenarios and configurations become names of folders and files.
  f.Rule({"name"}, name.empty() || IsFileName(name), "it " + FileNameProblem(name));
  for (const auto& [configuration_name, spec] : specs) {
    if (!IsFileName(configuration_name))
      f.ProblemIn("consent_configurations", configuration_name, "a configuration's name " + FileNameProblem(configuration_name));
    configurations.push_back(ToConfiguration(configuration_name, spec, consents, f));
  }
}

const ConsentConfiguration* Scenario::FindConfiguration(const std::string& wanted) const {
  for (const ConsentConfiguration& configuration : configurations) {
    if (configuration.name == wanted) return &configuration;
  }
  return nullptr;
}

Result<Scenario> ParseScenario(const std::string& text, const std::string& file_name) {
  Result<Scenario> scenario = ParseConfig<Scenario>(text, file_name);
  if (!scenario) return scenario;
  scenario->path = file_name;
  if (scenario->name.empty()) scenario->name = std::filesystem::path(file_name).stem().string();
  return scenario;
}

Result<Scenario> LoadScenario(const std::string& path) {
  Result<std::string> text = ReadTextFile(path, 8 << 20);
  if (!text) return text.error();
  return ParseScenario(*text, path);
}

SchemaNode ScenarioSchema() { return DescribeConfig<Scenario>(); }

}  // namespace dustproof
