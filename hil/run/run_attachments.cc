#include "hil/run/run_attachments.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/run/build_id.h"
#include "sim/config/number.h"
#include "sim/plan/json.h"

namespace dustproof {
namespace {

Attachment TextAttachment(const std::string& name, const std::string& media_type,
                          const std::string& text) {
  const std::byte* begin = reinterpret_cast<const std::byte*>(text.data());
  return {name, media_type, Bytes(begin, begin + text.size())};
}

std::string Number(double value) { return FormatNumber(value); }

// A firmware that lies where firmware is found by name is known by its name; any other by its
// file's name.
std::string FirmwareName(const std::string& path) { return std::filesystem::path(path).stem(); }

}  // namespace

void WriteRunFacts(const RunInputs& inputs, const RunRequest& request,
                   const ConsentConfiguration& consents, const PlantedValues& planted,
                   CaptureSink& sink) {
  std::map<std::string, std::string> facts = {
      {"scenario", inputs.scenario.name},
      {"description", inputs.scenario.description},
      {"consent", consents.name},
      {"consent_description", consents.description},
      {"seed", std::to_string(inputs.seed)},
      {"home", inputs.plan.name},
      {"robot", inputs.robot.name},
      {"robot_radius_m", Number(inputs.robot.body.radius_m)},
      {"robot_height_m", Number(inputs.robot.body.height_m)},
      {"firmware", FirmwareName(request.firmware)},
      {"policy", inputs.policy.name},
      {"region", inputs.scenario.region},
      {"build", BuildId()},
      {"scenario_hash", inputs.scenario_hash},
      {"compute", "zero"},
  };
  if (request.until) facts["until"] = FormatDuration(*request.until);
  sink.WriteMetadata("run", facts);
  sink.Write(TextAttachment("scenario.yaml", "application/yaml", inputs.scenario_text));
  sink.Write(TextAttachment("robot.yaml", "application/yaml", inputs.robot_text));
  sink.Write(TextAttachment("policy.yaml", "application/yaml", inputs.policy_text));
  sink.Write(TextAttachment("plan.json", "application/json", ToJson(inputs.plan)));
  if (!inputs.schema_text.empty())
    sink.Write(TextAttachment("schema.yaml", "application/yaml", inputs.schema_text));
  sink.Write(TextAttachment("planted.json", "application/json",
                            nlohmann::json(planted.ByCategory()).dump()));
  const auto pem = [&](const char* name, const std::string& text) {
    if (!text.empty()) sink.Write(TextAttachment(name, "application/x-pem-file", text));
  };
  pem("trust/ca.pem", inputs.trust.ca_certificate_pem);
  pem("trust/ca.key", inputs.trust.ca_key_pem);
  pem("trust/device.pem", inputs.trust.device_certificate_pem);
  pem("trust/device.key", inputs.trust.device_key_pem);
}

}  // namespace dustproof
