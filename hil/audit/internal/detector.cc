#include "hil/audit/internal/detector.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "hil/audit/internal/number_text.h"
#include "hil/audit/internal/own_address.h"
#include "hil/audit/internal/series_match.h"
#include "hil/audit/internal/spellings.h"
#include "hil/audit/internal/status_words.h"

namespace dustproof::internal {

namespace {

constexpr size_t kTokenLettersMin = 8;
constexpr size_t kLogLettersMin = 20, kLogLettersMax = 48;
constexpr size_t kPointsMin = 20;

bool IsTokenByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

void CollectTokens(std::string_view text, std::set<std::string, std::less<>>* tokens) {
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && IsTokenByte(text[i])) continue;
    if (i - begin >= kTokenLettersMin) tokens->emplace(text.substr(begin, i - begin));
    begin = i + 1;
  }
}

RawFinding OfMatch(const HomeMatch& match) {
  RawFinding finding;
  finding.method = FindingMethod::kMap;
  finding.category = "home_map";
  finding.form = match.form;
  finding.p_value = match.p_value;
  finding.score = match.score;
  return finding;
}

std::string DottedAddress(uint32_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += std::to_string(address >> shift & 255) + (shift > 0 ? "." : "");
  return text;
}

}  // namespace

Detector::Detector(const Truth& truth, const MessageSchema& schema, const HomeMatcher* home)
    : truth_(truth), schema_(schema), home_(home), cascade_(*this), map_files_(schema) {
  patterns_ = std::make_unique<PatternMatcher>(truth.planted);
  std::set<std::string> lines;
  for (const LogLine& line : truth.log) {
    const std::string letters = Squeeze(line.text).substr(0, kLogLettersMax);
    if (letters.size() >= kLogLettersMin && lines.insert(letters).second)
      patterns_->AddText("robot_logs", letters);
  }
  patterns_->Finish();
  if (const auto planted = truth.planted.find("precise_location"); planted != truth.planted.end()) {
    for (const std::string& value : planted->second) {
      if (auto matcher = CoordinateMatcher::Parse(value)) {
        coordinates_.push_back(*matcher);
        coordinate_values_.push_back(value);
      }
    }
  }
  path_ = std::make_unique<PathMatcher>(truth.poses_true);
  scan_ = std::make_unique<ScanMatcher>(truth.scans);
  for (const std::string& host : truth.scenario_hosts) declared_hosts_.insert(Lower(host));
  for (const Flow& flow : truth.flows.flows()) {
    const bool station =
        flow.from_robot() && flow.source_address != 0 && (flow.source_address & 0xff) != 1;
    if (station) own_addresses_.insert(DottedAddress(flow.source_address));
  }
}

Detector::~Detector() = default;

void Detector::Run() {
  CollectReceived();
  explanations_.resize(truth_.flows.flows().size());
  for (size_t i = 0; i < truth_.flows.flows().size(); ++i) {
    const Flow& flow = truth_.flows.flows()[i];
    explanations_[i].assign(flow.data.size(), Explanation::kNone);
    if (flow.from_robot()) RunFlow(i);
  }
  FindAcrossMessages();
}

/// What the robot was given it may give back: session names, credentials, tokens.
void Detector::CollectReceived() {
  for (const Flow& flow : truth_.flows.flows()) {
    const bool to_robot =
        flow.direction == Direction::kToRobot || flow.direction == Direction::kFromApp;
    if (!to_robot || flow.kind == EmissionKind::kWire) continue;
    CollectTokens({reinterpret_cast<const char*>(flow.data.data()), flow.data.size()}, &received_);
  }
}

void Detector::RunFlow(size_t index) {
  const Flow& flow = truth_.flows.flows()[index];
  flow_ = index;
  own_address_ = OwnAddressPlaces(flow, truth_.stations);
  const Content root{std::span<const std::byte>(flow.data)};
  if (flow.kind == EmissionKind::kFlashAtRest) {
    RunPlain(index);
    return;
  }
  const std::vector<ProtocolPart> parts = SplitFlow(flow);
  for (const ProtocolPart& part : parts) {
    part_ = parts_.size();
    parts_.push_back({index, part.range, part.where});
    if (part.kind == ProtocolPart::Kind::kFraming) {
      Explain(part.range, Explanation::kProtocol);
      continue;
    }
    if (!flow.opaque) RunPart(root, part);
  }
  // Values that lie across the parts, or where a protocol was mistaken for another.
  const bool whole_is_inherent =
      flow.kind == EmissionKind::kDhcp || flow.kind == EmissionKind::kDns ||
      flow.kind == EmissionKind::kRadioName || flow.opaque || flow.handshake;
  if (whole_is_inherent || flow.data.size() < 6) return;
  current_part_ = nullptr;
  std::vector<PatternHit> hits;
  patterns_->Find(flow.data, &hits);
  for (const PatternHit& hit : hits) {
    if (IsOwnAddress(hit, hit.range)) continue;
    for (size_t p = 0; p < parts_.size(); ++p) {
      if (parts_[p].flow == index && parts_[p].range.begin <= hit.range.begin &&
          hit.range.begin < parts_[p].range.end)
        part_ = p;
    }
    RawFinding finding;
    finding.method = hit.is_hash ? FindingMethod::kHash : FindingMethod::kExact;
    finding.category = hit.category;
    finding.form = hit.form;
    finding.value = hit.value;
    Add(root, hit.range, std::move(finding));
  }
}

/// A flash image: what is not erased, stretch by stretch.
void Detector::RunPlain(size_t index) {
  constexpr size_t kErasedMin = 64;
  const Flow& flow = truth_.flows.flows()[index];
  const Content root{std::span<const std::byte>(flow.data)};
  size_t begin = 0, erased = 0;
  for (size_t i = 0; i <= flow.data.size(); ++i) {
    const bool end = i == flow.data.size();
    erased = !end && flow.data[i] == std::byte{0xff} ? erased + 1 : 0;
    if (!end && erased != kErasedMin) continue;
    const size_t stop = end ? i : i + 1 - kErasedMin;
    if (stop > begin) {
      ProtocolPart part{
          ProtocolPart::Kind::kPayload, "flash", "flash", {begin, stop}, std::nullopt, {}};
      part_ = parts_.size();
      parts_.push_back({index, part.range, part.where});
      RunPart(root, part);
    }
    while (!end && i < flow.data.size() && flow.data[i] == std::byte{0xff}) ++i;
    begin = i;
    erased = 0;
  }
}

void Detector::RunPart(const Content& root, const ProtocolPart& part) {
  current_part_ = &part;
  map_files_.Begin();
  declared_paths_.clear();
  declared_ = part.kind == ProtocolPart::Kind::kPayload || part.kind == ProtocolPart::Kind::kRoute
                  ? schema_.Find(part.where, received_)
                  : nullptr;
  const Content content = part.joined ? Content::Table(root, part.table, *part.joined, part.label)
                                      : Content::Piece(root, part.range, part.label);
  ExplainPart(part, content);
  status_.reset();
  if (content.size() < 2) return;
  FindAddresses(content);
  cascade_.Run(content);
  EmitStatus();
  if (part.kind == ProtocolPart::Kind::kPayload || part.kind == ProtocolPart::Kind::kRoute) {
    const std::string route =
        part.label == "dns name" ? "dns query" : NormalRoute(part.where) + " " + part.label;
    across_.NotePayload(truth_.flows.flows()[flow_].party.key + " " + route, part.label, part.where,
                        content.bytes(), {flow_, part_, part.range});
  }
  current_part_ = nullptr;
}

void Detector::Explain(ByteRange range, Explanation how) {
  auto& bytes = explanations_[flow_];
  for (size_t i = range.begin; i < std::min(range.end, bytes.size()); ++i)
    bytes[i] = std::max(bytes[i], how);
}

void Detector::ExplainPart(const ProtocolPart& part, const Content& content) {
  const Flow& flow = truth_.flows.flows()[flow_];
  const std::string_view text = content.text();
  if (part.kind == ProtocolPart::Kind::kRoute) {
    const bool host =
        (part.label == "dns name" || part.label == "tls server name") &&
        (Lower(text) == Lower(flow.party.host) || declared_hosts_.contains(Lower(text)));
    const bool plain_path = text.find('?') == std::string_view::npos;
    if ((declared_ != nullptr && plain_path) || host) Explain(part.range, Explanation::kSchema);
    return;
  }
  if (part.kind == ProtocolPart::Kind::kValue) {
    static const std::set<std::string, std::less<>> kOrdinary = {
        "content-length",    "content-type", "connection",   "accept",
        "transfer-encoding", "date",         "cache-control"};
    const std::string name = part.label.starts_with("http header ") ? part.label.substr(12) : "";
    std::string_view value = text;
    if (value.starts_with("Bearer ")) value.remove_prefix(7);
    const bool known = (kOrdinary.contains(name) && text.size() <= 48) ||
                       (name == "host" && text.starts_with(flow.party.host)) ||
                       received_.contains(value) ||
                       ((name == "user-agent" || name == "server") &&
                        std::find(schema_.user_agents.begin(), schema_.user_agents.end(), text) !=
                            schema_.user_agents.end());
    if (known) Explain(part.range, Explanation::kSchema);
    return;
  }
  if (declared_ == nullptr) return;
  const SchemaMatch match = MatchPayload(*declared_, content.bytes(), received_);
  for (const ByteRange& range : match.explained)
    Explain(content.ToRoot(range), Explanation::kSchema);
  for (const FieldSighting& sighting : match.sightings) {
    RawFinding finding;
    finding.method = FindingMethod::kDeclared;
    finding.category = sighting.field->category;
    finding.purpose = sighting.field->purpose;
    finding.form = "declared field " + sighting.field->path;
    Add(content, sighting.range, std::move(finding));
  }
  // A file of the declared layout on the declared way carries what the product says it carries,
  // however little of it there is yet: a map of one wall registers nowhere.
  if (!declared_->binary.empty() && ReadBinary(declared_->binary, content.bytes())) {
    for (const std::string& category : declared_->categories) {
      RawFinding finding;
      finding.method = FindingMethod::kDeclared;
      finding.category = category;
      finding.purpose = declared_->purpose;
      finding.form = "declared message";
      Add(content, {0, content.size()}, std::move(finding));
    }
  }
  for (const DeclaredField& field : declared_->json) declared_paths_.insert("json " + field.path);
}

void Detector::Add(const Content& content, ByteRange range, RawFinding finding) {
  finding.flow = flow_;
  finding.part = part_;
  finding.range = content.ToRoot(range);
  finding.decoders = content.Chain();
  finding.where = current_part_ != nullptr ? current_part_->where
                  : parts_.empty()         ? ""
                                           : parts_[part_].where;
  finding.content_bytes = content.size();
  if (finding.purpose.empty() && declared_ != nullptr && !declared_->purpose.empty() &&
      std::find(declared_->categories.begin(), declared_->categories.end(), finding.category) !=
          declared_->categories.end()) {
    finding.purpose = declared_->purpose;
  }
  if (finding.method != FindingMethod::kDeclared) Explain(finding.range, Explanation::kFinding);
  findings_.push_back(std::move(finding));
}

void Detector::FindAddresses(const Content& content) {
  if (truth_.flows.flows()[flow_].kind == EmissionKind::kDhcp) return;
  const std::string_view text = content.text();
  for (const std::string& address : own_addresses_) {
    for (size_t at = text.find(address); at != std::string_view::npos;
         at = text.find(address, at + 1)) {
      const auto is_digit = [&](size_t i) {
        return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
      };
      if ((at > 0 && is_digit(at - 1)) || is_digit(at + address.size())) continue;
      RawFinding finding;
      finding.category = "ip_address";
      finding.form = "as planted";
      finding.value = address;
      Add(content, {at, at + address.size()}, std::move(finding));
      break;
    }
  }
}

void Detector::OnContent(const Content& content) {
  FindPatterns(content);
  FindCoordinates(content);
  map_files_.Note(content);
  FindMap(content);
  FindPath(content);
  if (const auto match = scan_->FindInBytes(content.bytes())) {
    RawFinding finding;
    finding.method = FindingMethod::kNumeric;
    finding.category = "lidar_environment";
    finding.form = std::to_string(match->beams) + " ranges of a lidar turn, 16-bit";
    Add(content, match->range, std::move(finding));
  }
  if (content.decoder().starts_with("json $")) {
    NoteStatusField(content, content.decoder(), content.text());
    if (const auto number = ParseNumber(content.text()))
      NoteField(content.decoder(), *number, content.ToRoot({0, content.size()}));
  }
}

/// A board's own Ethernet address where its packets can't do without, which the protocol explains.
bool Detector::IsOwnAddress(const PatternHit& hit, ByteRange in_flow) {
  if (hit.category != "robot_mac") return false;
  const auto within = [&](ByteRange place) { return place.begin <= in_flow.begin && in_flow.end <= place.end; };
  if (std::none_of(own_address_.begin(), own_address_.end(), within)) return false;
  Explain(in_flow, Explanation::kProtocol);
  return true;
}

void Detector::FindPatterns(const Content& content) {
  std::vector<PatternHit> hits;
  patterns_->Find(content.bytes(), &hits);
  const Flow& flow = truth_.flows.flows()[flow_];
  for (const PatternHit& hit : hits) {
    // A radio shows its own MAC to everyone whatever it sends.
    if (flow.kind == EmissionKind::kRadioName && hit.category == "robot_mac" &&
        content.size() <= 17)
      continue;
    if (IsOwnAddress(hit, content.ToRoot(hit.range))) continue;
    RawFinding finding;
    finding.method = hit.is_hash ? FindingMethod::kHash : FindingMethod::kExact;
    finding.category = hit.category;
    finding.form = hit.form;
    finding.value = hit.value;
    Add(content, hit.range, std::move(finding));
  }
}

void Detector::FindCoordinates(const Content& content) {
  std::vector<CoordinateHit> near;
  for (size_t i = 0; i < coordinates_.size(); ++i) {
    near.clear();
    coordinates_[i].FindInBytes(content.bytes(), &near);
    if (content.PrintableShare() > 0.7) coordinates_[i].FindInText(content.text(), &near);
    for (const CoordinateHit& hit : near) {
      RawFinding finding;
      finding.method = FindingMethod::kNumeric;
      finding.category = "precise_location";
      finding.form = hit.form;
      finding.value = coordinate_values_[i];
      Add(content, hit.range, std::move(finding));
    }
  }
}

/// All that a proof holds for: who got it, on which way, under which consents, decoded how.
std::string Detector::ProofKey(const Content& content, const char* category) const {
  const Flow& flow = truth_.flows.flows()[flow_];
  const ByteRange range = content.ToRoot({0, content.size()});
  std::string key = std::string(category) + "|" + flow.party.key + "|" + flow.party.host + "|" +
                    flow.party.region + "|" +
                    (current_part_ != nullptr ? NormalRoute(current_part_->where) : "") + "|" +
                    truth_.flows.consents(flow.SegmentAt(range.begin));
  for (const std::string& decoder : content.Chain()) key += "|" + decoder;
  return key;
}

void Detector::FindMap(const Content& content) {
  if (!home_) return;
  const Content* map = map_files_.Around(content);
  const std::string key = ProofKey(map != nullptr ? *map : content, "home_map");
  const RawFinding* proven = map_files_.Proven(key);
  // A map file is a map as a whole: nothing is looked for within it.
  if (proven != nullptr && map != nullptr) {
    if (map == &content) AddAgain(content, *proven);
    return;
  }
  const MapPrior prior = map != nullptr      ? MapPrior::kDeclared
                         : proven != nullptr ? MapPrior::kProven
                                             : MapPrior::kNone;
  const auto match = home_->MatchBytes(content.bytes(), prior);
  if (!match) return;
  Add(content, match->range, OfMatch(*match));
  if (map != nullptr) findings_.back().range = map->ToRoot({0, map->size()});
  map_files_.SetProven(key, findings_.back());
}

void Detector::FindPath(const Content& content) {
  const Content* map = map_files_.Around(content);
  const std::string key = map != nullptr ? ProofKey(*map, "robot_path") : "";
  const RawFinding* proven = map != nullptr ? map_files_.Proven(key) : nullptr;
  if (proven != nullptr) {
    if (map != &content) return;
    AddAgain(content, *proven);
  } else {
    const auto match = path_->MatchBytes(content.bytes());
    if (!match) return;
    RawFinding finding;
    finding.method = FindingMethod::kPath;
    finding.category = "robot_path";
    finding.form = match->form;
    finding.score = match->length_m;
    Add(content, match->range, std::move(finding));
    if (map == nullptr) return;
    findings_.back().range = map->ToRoot({0, map->size()});
    map_files_.SetProven(key, findings_.back());
  }
  AddMapFile(*map);
}

/// What was proven of such a map file before holds of this one too.
void Detector::AddAgain(const Content& map, const RawFinding& proven) {
  Add(map, {0, map.size()}, proven);
  findings_.back().decoders = proven.decoders;
}

void Detector::OnGrid(const Content& content, std::span<const std::byte> cells, size_t width,
                      ByteRange range) {
  if (!home_) return;
  const std::string key = ProofKey(content, "home_map");
  const auto match = home_->MatchGrid(
      cells, width, map_files_.Proven(key) != nullptr ? MapPrior::kProven : MapPrior::kNone);
  if (!match) return;
  RawFinding finding = OfMatch(*match);
  map_files_.SetProven(key, finding);
  Add(content, range, std::move(finding));
}

void Detector::OnNumbers(const Content& content, const NumberSeries& series) {
  for (size_t i = 0;
       i < coordinates_.size() && series.values.size() >= 2 && series.values.size() <= 64; ++i) {
    std::string form;
    if (!coordinates_[i].FindInNumbers(series.values, &form)) continue;
    RawFinding finding;
    finding.method = FindingMethod::kNumeric;
    finding.category = "precise_location";
    finding.form = form + ", " + series.path;
    finding.value = coordinate_values_[i];
    Add(content, series.range, std::move(finding));
  }
  if (series.values.size() == 1) {
    NoteStatusField(content, series.path, "0");
    NoteField(series.path, series.values[0], content.ToRoot(series.range));
  }
  if (series.values.size() >= kPointsMin) {
    auto found = [&](const PathMatch& match, const std::string& form, ByteRange range) {
      RawFinding finding;
      finding.method = FindingMethod::kPath;
      finding.category = "robot_path";
      finding.form = form + ", " + match.form;
      finding.score = match.length_m;
      Add(content, range, std::move(finding));
    };
    if (const auto match = path_->MatchPairs(series.values))
      found(*match, series.path, series.range);
    // Two fields or columns of equal length may be x and y.
    auto& others = xy_series_[std::to_string(part_) + " " + std::to_string(content.depth())];
    for (const NumberSeries& other : others) {
      if (other.values.size() != series.values.size()) continue;
      if (const auto match = path_->MatchPoints(other.values, series.values)) {
        found(*match, other.path + " and " + series.path,
              {std::min(other.range.begin, series.range.begin),
               std::max(other.range.end, series.range.end)});
      }
    }
    if (others.size() < 12) others.push_back(series);
    if (const auto match = scan_->FindInNumbers(series.values)) {
      RawFinding finding;
      finding.method = FindingMethod::kNumeric;
      finding.category = "lidar_environment";
      finding.form = std::to_string(match->beams) + " ranges of a lidar turn, " + series.path;
      Add(content, series.range, std::move(finding));
    }
  }
}

/// A file of the product's own map layout, whose path is the true way: the map in it is this
/// home's, however little it shows yet.
void Detector::AddMapFile(const Content& map) {
  RawFinding finding;
  finding.method = FindingMethod::kDeclared;
  finding.category = "home_map";
  finding.form = "the product's map file, with the robot's true path in it";
  Add(map, {0, map.size()}, std::move(finding));
  Explain(findings_.back().range, Explanation::kFinding);
}

std::string Detector::NormalRoute(const std::string& where) const {
  std::string out;
  size_t begin = 0;
  while (begin <= where.size()) {
    size_t end = where.find('/', begin);
    if (end == std::string::npos) end = where.size();
    std::string piece = where.substr(begin, end - begin);
    if (received_.contains(piece)) piece = "*";
    // Counters in a route don't make another route.
    for (char& c : piece) c = std::isdigit(static_cast<unsigned char>(c)) != 0 ? '#' : c;
    out += piece + (end < where.size() ? "/" : "");
    begin = end + 1;
  }
  return out;
}

void Detector::NoteStatusField(const Content& content, const std::string& path,
                               std::string_view value) {
  if (declared_paths_.contains(path) || !path.starts_with("json $")) return;
  const size_t dot = path.find_last_of(".");
  const std::string key = dot == std::string::npos ? "" : path.substr(dot + 1);
  if (!IsStatusKey(key, value)) return;
  // The whole JSON text is what tells: the content that it stands in. For a string that is the
  // parent's.
  const Content& text =
      content.decoder() == path && content.parent() != nullptr ? *content.parent() : content;
  const size_t first = text.text().find('{');
  const ByteRange range = text.ToRoot({first == std::string_view::npos ? 0 : first, text.size()});
  if (!status_) status_ = StatusSighting{range, text.Chain(), {}};
  if (std::find(status_->keys.begin(), status_->keys.end(), key) == status_->keys.end())
    status_->keys.push_back(key);
}

void Detector::EmitStatus() {
  if (!status_) return;
  RawFinding finding;
  finding.flow = flow_;
  finding.part = part_;
  finding.range = status_->range;
  finding.decoders = status_->decoders;
  finding.method = FindingMethod::kSeries;
  finding.category = "robot_status";
  finding.where = current_part_->where;
  finding.content_bytes = status_->range.size();
  finding.form = "fields";
  for (const std::string& key : status_->keys) finding.form += " " + key;
  Explain(finding.range, Explanation::kFinding);
  findings_.push_back(std::move(finding));
  status_.reset();
}

void Detector::NoteField(const std::string& path, double number, ByteRange range) {
  if (current_part_ == nullptr || declared_paths_.contains(path)) return;
  const Flow& flow = truth_.flows.flows()[flow_];
  across_.NoteField(flow.party.key + " " + NormalRoute(current_part_->where) + " " + path,
                    {flow.SegmentAt(range.begin).time, flow_, part_, range, number});
}

void Detector::FindAcrossMessages() {
  for (RawFinding& finding : across_.FindSeries(truth_.battery, truth_.poses_true)) {
    // Where the message as a whole was found out by its fields' names, that says more.
    const bool known = std::any_of(findings_.begin(), findings_.end(), [&](const RawFinding& f) {
      return f.part == finding.part && f.category == finding.category &&
             f.method == FindingMethod::kSeries && f.content_bytes > 0;
    });
    if (known) continue;
    finding.where = parts_[finding.part].where;
    flow_ = finding.flow;
    Explain(finding.range, Explanation::kFinding);
    findings_.push_back(std::move(finding));
  }
  for (RawFinding& finding : across_.FindSplitValues(*patterns_))
    findings_.push_back(std::move(finding));
}

}  // namespace dustproof::internal
