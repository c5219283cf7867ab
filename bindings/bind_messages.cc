#include <pybind11/stl.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/text.h"
#include "hil/capture/messages.h"

namespace py = pybind11;

namespace dustproof {
namespace {

const char* ToWord(EmissionKind kind) {
  switch (kind) {
    case EmissionKind::kWire:
      return "wire";
    case EmissionKind::kPlaintext:
      return "plaintext";
    case EmissionKind::kDatagram:
      return "datagram";
    case EmissionKind::kBroadcast:
      return "broadcast";
    case EmissionKind::kDns:
      return "dns";
    case EmissionKind::kDhcp:
      return "dhcp";
    case EmissionKind::kRadioName:
      return "radio_name";
    case EmissionKind::kUart:
      return "uart";
    case EmissionKind::kFlashAtRest:
      return "flash_at_rest";
  }
  return "unknown";  // A recording of a later version.
}

const char* ToWord(Direction direction) {
  switch (direction) {
    case Direction::kFromRobot:
      return "from_robot";
    case Direction::kToRobot:
      return "to_robot";
    case Direction::kFromApp:
      return "from_app";
    case Direction::kToApp:
      return "to_app";
  }
  return "unknown";
}

std::string Dotted(uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." +
         std::to_string(address >> 8 & 255) + "." + std::to_string(address & 255);
}

// A message class: all have a time, and print their topic's fields through `repr`.
template <typename T>
py::class_<T> Message(py::module_& m, const char* name, const char* doc) {
  py::class_<T> message(m, name, doc);
  message.def_property_readonly(
      "time_s", [](const T& t) { return Seconds(t.time.nanoseconds()); },
      "Simulated time since the run began, in seconds.");
  return message;
}

// A text of a message.
template <typename T>
auto TextOf(std::string T::*member) {
  return [member](const T& message) { return Text(message.*member); };
}

py::ssize_t Size(size_t size) { return static_cast<py::ssize_t>(size); }

void BindEmission(py::module_& m) {
  py::class_<Party>(m, "Party", "Who receives bytes.")
      .def_property_readonly("key", TextOf(&Party::key), "As in the policy, e.g. vendor_cloud_cn.")
      .def_property_readonly("organisation", TextOf(&Party::organisation))
      .def_property_readonly("role", TextOf(&Party::role))
      .def_property_readonly("region", TextOf(&Party::region))
      .def_property_readonly("host", TextOf(&Party::host),
                             "Name that was asked for, or the address in dotted form.")
      .def("__repr__", [](const Party& p) { return Text("<Party " + p.key + " " + p.host + ">"); });
  py::class_<Emission>(m, "Emission", py::buffer_protocol(),
                       "Bytes that crossed the robot's boundary, as the network saw them.")
      .def_buffer([](Emission& e) {
        return py::buffer_info(reinterpret_cast<const uint8_t*>(e.payload.data()),
                               Size(e.payload.size()), true);
      })
      .def_property_readonly("time_s",
                             [](const Emission& e) { return Seconds(e.time.nanoseconds()); })
      .def_readonly("sequence", &Emission::sequence,
                    "Counts all emissions of a run from 1; findings refer to it.")
      .def_property_readonly("emitter", TextOf(&Emission::emitter), "robot or app.")
      .def_property_readonly(
          "kind", [](const Emission& e) { return ToWord(e.kind); },
          "wire, plaintext, datagram, broadcast, dns, dhcp, radio_name, uart or flash_at_rest.")
      .def_property_readonly(
          "direction", [](const Emission& e) { return ToWord(e.direction); },
          "from_robot, to_robot, from_app or to_app.")
      .def_readonly("connection", &Emission::connection,
                    "The same for all pieces of one conversation, 0 where there is none.")
      .def_readonly("stream_offset", &Emission::stream_offset,
                    "Of the first byte in its direction of that conversation.")
      .def_property_readonly("source_address",
                             [](const Emission& e) { return Dotted(e.source_address); })
      .def_property_readonly("destination_address",
                             [](const Emission& e) { return Dotted(e.destination_address); })
      .def_readonly("source_port", &Emission::source_port)
      .def_readonly("destination_port", &Emission::destination_port)
      .def_readonly("party", &Emission::party)
      .def_property_readonly("protocol", TextOf(&Emission::protocol),
                             "tls, mqtt, http, dns, …; empty where unknown.")
      .def_readonly("encrypted", &Emission::encrypted, "Whether the bytes travelled under TLS.")
      .def_property_readonly("consents", TextOf(&Emission::consents),
                             "State at that time, C_POLICY=granted,…, sorted by name.")
      .def_property_readonly(
          "payload",
          [](const py::object& self) {
            return py::reinterpret_steal<py::memoryview>(PyMemoryView_FromObject(self.ptr()));
          },
          "The bytes, as a read-only memoryview without a copy. It keeps this emission alive, and "
          "needs nothing else.")
      .def("__repr__", [](const Emission& e) {
        return Text("<Emission " + std::to_string(e.sequence) + " " + ToString(e.time) + " " +
                    ToWord(e.kind) + " " + ToWord(e.direction) + " " + e.party.key + " " +
                    std::to_string(e.payload.size()) + " bytes>");
      });
}

void BindSamples(py::module_& m) {
  Message<PoseSample>(m, "PoseSample", "A pose in the plane: metres and radians.")
      .def_property_readonly("frame", TextOf(&PoseSample::frame),
                             "W for the true pose, M for the one that the firmware believes.")
      .def_property_readonly("x", [](const PoseSample& p) { return p.pose.x; })
      .def_property_readonly("y", [](const PoseSample& p) { return p.pose.y; })
      .def_property_readonly("yaw", [](const PoseSample& p) { return p.pose.yaw; });
  Message<ScanSample>(
      m, "ScanSample",
      "One lidar turn in frame L, angles counter-clockwise from x; its time is that "
      "of the first beam.")
      .def_readonly("time_increment_s", &ScanSample::time_increment_s)
      .def_readonly("angle_min_rad", &ScanSample::angle_min_rad)
      .def_readonly("angle_increment_rad", &ScanSample::angle_increment_rad)
      .def_readonly("range_m_min", &ScanSample::range_m_min)
      .def_readonly("range_m_max", &ScanSample::range_m_max)
      .def_property_readonly(
          "range_m",
          [](const py::object& self) {
            const auto& values = self.cast<const ScanSample&>().range_m;
            return ViewOf(values, {Size(values.size())}, self);
          },
          "Metres, 0 = no return; a read-only view that keeps this scan alive.")
      .def_property_readonly(
          "intensity",
          [](const py::object& self) {
            const auto& values = self.cast<const ScanSample&>().intensity;
            return ViewOf(values, {Size(values.size())}, self);
          },
          "A read-only view that keeps this scan alive.");
  Message<MapSample>(m, "MapSample",
                     "A map that the firmware believes in, frame M: -1 unknown, 0 free … 100 "
                     "occupied.")
      .def_readonly("resolution_m", &MapSample::resolution_m)
      .def_readonly("origin_x_m", &MapSample::origin_x_m)
      .def_readonly("origin_y_m", &MapSample::origin_y_m)
      .def_property_readonly(
          "cells",
          [](const py::object& self) {
            const auto& map = self.cast<const MapSample&>();
            const bool whole = map.width >= 0 && map.height >= 0 &&
                               map.cells.size() ==
                                   static_cast<size_t>(map.width) * static_cast<size_t>(map.height);
            if (!whole) throw py::value_error("the map's size doesn't fit its cells");
            return ViewOf(map.cells, {map.height, map.width}, self);
          },
          "Rows from the bottom up, as a read-only view that keeps this map alive.");
  Message<DriveSample>(m, "DriveSample", "Commanded speed of the wheels.")
      .def_readonly("left_m_s", &DriveSample::left_m_s)
      .def_readonly("right_m_s", &DriveSample::right_m_s);
  Message<BatterySample>(m, "BatterySample", "The battery; current is positive while charging.")
      .def_readonly("voltage_v", &BatterySample::voltage_v)
      .def_readonly("current_a", &BatterySample::current_a)
      .def_readonly("charge_pct", &BatterySample::charge_pct)
      .def_readonly("charging", &BatterySample::charging);
}

void BindEvents(py::module_& m) {
  Message<ConsentChange>(m, "ConsentChange", "A consent changed state, as the user answered.")
      .def_property_readonly("consent", TextOf(&ConsentChange::consent))
      .def_property_readonly("state", TextOf(&ConsentChange::state))
      .def_property_readonly("cause", TextOf(&ConsentChange::cause))
      .def("__repr__", [](const ConsentChange& c) {
        return Text("<ConsentChange " + ToString(c.time) + " " + c.consent + " " + c.state + ">");
      });
  Message<RunEvent>(m, "RunEvent", "Something that happened: a connection, a command, a map shown.")
      .def_property_readonly("source", TextOf(&RunEvent::source))
      .def_property_readonly("name", TextOf(&RunEvent::name))
      .def_property_readonly("detail", TextOf(&RunEvent::detail))
      .def("__repr__", [](const RunEvent& e) {
        return Text("<RunEvent " + ToString(e.time) + " " + e.source + "." + e.name + ">");
      });
  Message<LogLine>(m, "LogLine", "A line that the firmware or a part of the run logged.")
      .def_readonly("level", &LogLine::level, "10 debug, 20 info, 30 warn, 40 error.")
      .def_property_readonly("source", TextOf(&LogLine::source))
      .def_property_readonly("text", TextOf(&LogLine::text))
      .def("__repr__", [](const LogLine& l) {
        return Text("<LogLine " + ToString(l.time) + " " + l.source + ": " + l.text + ">");
      });
  Message<StateHashes>(m, "StateHashes", "The run's state at an instant, a hash for each part.")
      .def_readonly("events_run", &StateHashes::events_run)
      .def_readonly("parts", &StateHashes::parts)
      .def_readonly("hashes", &StateHashes::hashes);
}

}  // namespace

void BindMessages(py::module_& m) {
  BindEmission(m);
  BindSamples(m);
  BindEvents(m);
}

}  // namespace dustproof
