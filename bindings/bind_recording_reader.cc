#include <pybind11/stl.h>

#include <algorithm>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/raise.h"
#include "bindings/text.h"
#include "hil/capture/recording_reader.h"

namespace py = pybind11;

namespace dustproof {
namespace {

py::list ToPython(const std::vector<Diagnostic>& diagnostics) {
  const py::object diagnostic = py::module_::import("dustproof.errors").attr("Diagnostic");
  py::list list;
  for (const Diagnostic& d : diagnostics)
    list.append(diagnostic(Text(d.where.file), d.where.line, d.where.column, Text(d.field),
                           Text(d.message)));
  return list;
}

RecordingReader Open(const std::string& path) { return OrRaise(RecordingReader::Open(path)); }

py::dict AttachmentsOf(const RecordingReader& reader) {
  py::dict files;
  for (const Attachment& a : reader.attachments())
    files[Text(a.name)] = py::bytes(reinterpret_cast<const char*>(a.data.data()), a.data.size());
  return files;
}

py::dict MetadataOf(const RecordingReader& reader) {
  py::dict records;
  for (const auto& [name, values] : reader.metadata()) {
    py::dict record;
    for (const auto& [key, value] : values) record[Text(key)] = Text(value);
    records[Text(name)] = record;
  }
  return records;
}

// All samples of a recording, a row each, in the order of their times as recorded.
struct Series {
  std::vector<double> poses_true, poses_believed, battery, drive, scan_times, scan_angles;
  std::vector<std::vector<float>> scans;
  std::vector<Diagnostic> problems;

  void Take(const RecordedMessage& message) {
    if (const auto* p = std::get_if<PoseSample>(&message)) {
      std::vector<double>& rows = p->frame == "W" ? poses_true : poses_believed;
      rows.insert(rows.end(), {TimeOf(*p), p->pose.x, p->pose.y, p->pose.yaw});
    } else if (const auto* b = std::get_if<BatterySample>(&message)) {
      battery.insert(battery.end(), {TimeOf(*b), b->voltage_v, b->current_a, b->charge_pct,
                                     b->charging ? 1.0 : 0.0});
    } else if (const auto* d = std::get_if<DriveSample>(&message)) {
      drive.insert(drive.end(), {TimeOf(*d), d->left_m_s, d->right_m_s});
    } else if (const auto* s = std::get_if<ScanSample>(&message)) {
      scan_times.push_back(TimeOf(*s));
      scan_angles.insert(scan_angles.end(), {s->angle_min_rad, s->angle_increment_rad});
      scans.push_back(s->range_m);
    }
  }

  template <typename T>
  static double TimeOf(const T& sample) {
    return Seconds(sample.time.nanoseconds());
  }
};

py::array_t<double> Rows(std::vector<double> values, size_t columns) {
  const size_t rows = values.size() / columns;
  return Owning(std::move(values),
                {static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(columns)});
}

// As wide as the widest turn; 0, which is no return, where a turn has fewer beams.
py::array_t<float> Ranges(const std::vector<std::vector<float>>& scans) {
  size_t beams = 0;
  for (const std::vector<float>& scan : scans) beams = std::max(beams, scan.size());
  std::vector<float> ranges(scans.size() * beams);
  for (size_t i = 0; i < scans.size(); ++i)
    std::copy(scans[i].begin(), scans[i].end(),
              ranges.begin() + static_cast<std::ptrdiff_t>(i * beams));
  return Owning(std::move(ranges),
                {static_cast<py::ssize_t>(scans.size()), static_cast<py::ssize_t>(beams)});
}

py::dict ReadSeries(const std::string& path) {
  RecordingReader reader = Open(path);
  Series series;
  {
    const py::gil_scoped_release others_run;
    while (const std::optional<RecordedMessage> message = reader.Next()) series.Take(*message);
    series.problems = reader.problems();
  }
  py::dict arrays;
  arrays["poses_true"] = Rows(std::move(series.poses_true), 4);
  arrays["poses_believed"] = Rows(std::move(series.poses_believed), 4);
  arrays["battery"] = Rows(std::move(series.battery), 5);
  arrays["drive"] = Rows(std::move(series.drive), 3);
  const auto scan_count = static_cast<py::ssize_t>(series.scan_times.size());
  arrays["scan_t_s"] = Owning(std::move(series.scan_times), {scan_count});
  arrays["scan_angles"] = Rows(std::move(series.scan_angles), 2);
  arrays["scan_range_m"] = Ranges(series.scans);
  arrays["problems"] = ToPython(series.problems);
  return arrays;
}

}  // namespace

void BindRecordingReader(py::module_& m) {
  py::class_<RecordingReader>(m, "RecordingReader", "Reads a recording once, message by message.")
      .def(py::init(&Open), py::arg("path"))
      .def("__iter__", [](RecordingReader& self) -> RecordingReader& { return self; })
      .def("__next__",
           [](RecordingReader& reader) {
             std::optional<RecordedMessage> message = reader.Next();
             if (!message) throw py::stop_iteration();
             return std::move(*message);
           })
      .def("attachments", &AttachmentsOf, "Files inside, by name; the last of each name.")
      .def("metadata", &MetadataOf)
      .def("sealed", &RecordingReader::sealed)
      .def("start_unix_ns", [](const RecordingReader& r) { return r.start().unix_nanoseconds(); })
      .def("problems", [](const RecordingReader& r) { return ToPython(r.problems()); });
  m.def("read_series", &ReadSeries, py::arg("path"),
        "All samples of a recording as arrays, read in one go without the GIL.");
}

}  // namespace dustproof
