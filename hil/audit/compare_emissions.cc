#include "hil/audit/compare_emissions.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <variant>

#include "hil/audit/internal/flows.h"
#include "hil/capture/recording_reader.h"

namespace dustproof {
namespace {

using internal::ByteRange;
using internal::Flow;
using internal::FlowSet;

constexpr size_t kExcerptBytesMax = 32;
constexpr std::byte kApplicationData{0x17};  // TLS record type, RFC 8446, 5.1.

Result<FlowSet> FlowsOf(const std::string& path) {
  Result<RecordingReader> reader = RecordingReader::Open(path);
  if (!reader) return reader.error();
  FlowSet flows;
  while (const auto message = reader->Next()) {
    if (const auto* emission = std::get_if<Emission>(&*message)) flows.Add(*emission);
  }
  if (!reader->problems().empty()) {
    Error error;
    error.diagnostics = reader->problems();
    return error;
  }
  flows.Finish();
  return flows;
}

// What flows of both runs have in common that are held against one another.
using Channel = std::tuple<std::string, EmissionKind, uint16_t, bool, bool, bool>;
Channel ChannelOf(const Flow& flow) { return {flow.party.key, flow.kind, flow.destination_port, flow.encrypted, flow.handshake, flow.opaque}; }

std::map<Channel, std::vector<const Flow*>> ByChannel(const FlowSet& set) {
  std::map<Channel, std::vector<const Flow*>> channels;
  for (const Flow& flow : set.flows()) {
    if (flow.from_robot()) channels[ChannelOf(flow)].push_back(&flow);
  }
  return channels;
}

// How much of a flow is compared: of a handshake what comes before the first encrypted record.
size_t ComparedBytes(const Flow& flow) {
  if (!flow.handshake) return flow.data.size();
  size_t at = 0;
  while (at + 5 <= flow.data.size() && flow.data[at] != kApplicationData)
    at += 5 + (static_cast<size_t>(flow.data[at + 3]) << 8 | static_cast<size_t>(flow.data[at + 4]));
  return std::min(at, flow.data.size());
}

Bytes Excerpt(const Flow& flow, size_t from) {
  if (flow.data.empty()) return {};
  const auto next = std::find_if(flow.segments.begin(), flow.segments.end(), [&](const Flow::Segment& s) { return s.begin > from; });
  const size_t message_end = next == flow.segments.end() ? flow.data.size() : next->begin;
  const size_t begin = std::min(from, flow.data.size()), end = std::min(message_end, begin + kExcerptBytesMax);
  return {flow.data.begin() + static_cast<ptrdiff_t>(begin), flow.data.begin() + static_cast<ptrdiff_t>(end)};
}

// The bytes of a segment.
ByteRange RangeOf(const Flow& flow, size_t segment, size_t compared) {
  const size_t end = segment + 1 < flow.segments.size() ? flow.segments[segment + 1].begin : flow.data.size();
  return {std::min(flow.segments[segment].begin, compared), std::min(end, compared)};
}

EmissionDifference Begin(const Flow& flow, size_t segment, DifferenceKind kind) {
  EmissionDifference difference;
  difference.kind = kind;
  difference.time = flow.segments[segment].time;
  difference.sequence = flow.segments[segment].sequence;
  difference.party = flow.party;
  difference.emission_kind = flow.kind;
  difference.protocol = flow.protocol;
  difference.encrypted = flow.encrypted;
  return difference;
}

// A flow, and the one that stands in its place.
class FlowPair {
 public:
  FlowPair(const Flow& mine, const Flow& other) : mine_(mine), other_(other), mine_bytes_(ComparedBytes(mine)), other_bytes_(ComparedBytes(other)) {
    const size_t both = std::min(mine_bytes_, other_bytes_);
    while (head_ < both && mine.data[head_] == other.data[head_]) ++head_;
    while (tail_ < both - head_ && mine.data[mine_bytes_ - 1 - tail_] == other.data[other_bytes_ - 1 - tail_]) ++tail_;
    // Where the other only says more, it is the last byte before that which is followed by something else.
    differing_ = {head_, mine_bytes_ - tail_};
    if (differing_.size() == 0 && other_bytes_ > mine_bytes_) differing_.begin -= std::min<size_t>(head_, 1);
    if (differing_.size() == 0 && other_bytes_ > mine_bytes_) differing_.end = std::min<size_t>(mine_bytes_, 1);
  }

  void Collect(std::vector<EmissionDifference>* out) const {
    for (size_t i = 0; i < mine_.segments.size(); ++i) {
      const ByteRange range = RangeOf(mine_, i, mine_bytes_);
      const ByteRange differing = Differing(range);
      if (differing.size() > 0) {
        EmissionDifference difference = Begin(mine_, i, DifferenceKind::kBytes);
        difference.other_time = OtherTime(differing.begin);
        difference.first_byte = differing.begin - mine_.segments[i].begin;
        difference.byte_count = differing.size();
        difference.excerpt = Excerpt(mine_, differing.begin);
        difference.other_excerpt = Excerpt(other_, differing.begin);
        out->push_back(std::move(difference));
      } else if (range.size() > 0 && IsMoved(i)) {
        EmissionDifference difference = Begin(mine_, i, DifferenceKind::kTime);
        difference.other_time = other_.segments[i].time;
        difference.byte_count = range.size();
        out->push_back(std::move(difference));
      }
    }
  }

 private:
  // Whether the same piece went at another time.
  bool IsMoved(size_t segment) const {
    return segment < other_.segments.size() && other_.segments[segment].begin == mine_.segments[segment].begin &&
           other_.segments[segment].time != mine_.segments[segment].time;
  }

  // From the first byte of a range that differs to its last.
  ByteRange Differing(ByteRange range) const {
    ByteRange inside{std::max(range.begin, differing_.begin), std::min(range.end, differing_.end)};
    if (inside.begin >= inside.end) return {};
    if (mine_bytes_ != other_bytes_) return inside;
    while (inside.begin < inside.end && mine_.data[inside.begin] == other_.data[inside.begin]) ++inside.begin;
    while (inside.begin < inside.end && mine_.data[inside.end - 1] == other_.data[inside.end - 1]) --inside.end;
    return inside;
  }

  SimTime OtherTime(size_t at) const { return other_.SegmentAt(std::min(at, other_.data.empty() ? 0 : other_.data.size() - 1)).time; }

  const Flow& mine_;
  const Flow& other_;
  const size_t mine_bytes_, other_bytes_;
  size_t head_ = 0, tail_ = 0;  // How much is alike from both ends.
  ByteRange differing_;         // What lies between.
};

// Messages of a flow that the other side has nothing for, from one on.
void CollectAlone(const Flow& flow, size_t from, std::vector<EmissionDifference>* out) {
  const size_t compared = ComparedBytes(flow);
  for (size_t i = from; i < flow.segments.size(); ++i) {
    EmissionDifference difference = Begin(flow, i, DifferenceKind::kAbsent);
    const ByteRange range = RangeOf(flow, i, compared);
    difference.byte_count = range.size();
    difference.excerpt = Excerpt(flow, range.begin);
    out->push_back(std::move(difference));
  }
}

class Comparer {
 public:
  EmissionComparison Compare(const FlowSet& first, const FlowSet& second) {
    const auto ours = ByChannel(first), theirs = ByChannel(second);
    for (const auto& [channel, flows] : ours) {
      const auto found = theirs.find(channel);
      CompareChannel(flows, found == theirs.end() ? std::vector<const Flow*>() : found->second);
    }
    for (const auto& [channel, flows] : theirs) {
      if (!ours.contains(channel)) CompareChannel({}, flows);
    }
    for (std::vector<EmissionDifference>* list : {&out_.first, &out_.second}) {
      std::stable_sort(list->begin(), list->end(), [](const auto& a, const auto& b) { return std::tie(a.time, a.sequence) < std::tie(b.time, b.sequence); });
    }
    for (const EmissionDifference& difference : out_.first) ++parties_[difference.party.key].differing;
    for (const EmissionDifference& difference : out_.second) ++parties_[difference.party.key].other_alone;
    for (auto& [key, party] : parties_) {
      party.party = key;
      out_.parties.push_back(party);
    }
    return std::move(out_);
  }

 private:
  void CompareChannel(const std::vector<const Flow*>& ours, const std::vector<const Flow*>& theirs) {
    for (const Flow* flow : ours) parties_[flow->party.key].messages += flow->segments.size();
    const size_t both = std::min(ours.size(), theirs.size());
    for (size_t i = 0; i < both; ++i) {
      FlowPair(*ours[i], *theirs[i]).Collect(&out_.first);
      if (theirs[i]->segments.size() > ours[i]->segments.size()) CollectAlone(*theirs[i], ours[i]->segments.size(), &out_.second);
    }
    for (size_t i = both; i < ours.size(); ++i) CollectAlone(*ours[i], 0, &out_.first);
    for (size_t i = both; i < theirs.size(); ++i) CollectAlone(*theirs[i], 0, &out_.second);
  }

  std::map<std::string, PartyDifference> parties_;
  EmissionComparison out_;
};

}  // namespace

const char* ToWord(DifferenceKind kind) {
  constexpr const char* kWords[] = {"bytes", "time", "absent"};
  return kWords[static_cast<size_t>(kind)];
}

Result<EmissionComparison> CompareEmissions(const std::string& first, const std::string& second) {
  const Result<FlowSet> ours = FlowsOf(first);
  if (!ours) return ours.error();
  const Result<FlowSet> theirs = FlowsOf(second);
  if (!theirs) return theirs.error();
  return Comparer().Compare(*ours, *theirs);
}

}  // namespace dustproof
