#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/raise.h"
#include "bindings/text.h"
#include "hil/run/run_scenario.h"
#include "hil/step/step_client.h"

namespace py = pybind11;

namespace dustproof {
namespace {

// Longer than any run, and far from the end of the clock.
constexpr double kLongest_s = 86400 * 365;

using View = std::shared_ptr<const StepView>;

py::ssize_t Size(size_t size) { return static_cast<py::ssize_t>(size); }

SimDuration ToDuration(double seconds, const char* what) {
  if (!(seconds >= 0 && seconds <= kLongest_s))
    throw py::value_error(std::string(what) + " must lie between 0 and a year, got " + std::to_string(seconds));
  return SimDuration::FromSeconds(seconds);
}

/// What Python holds: a run until it is closed. Calls let other threads of Python run; one of them that comes to the same run
/// meanwhile is refused.
class StepHandle {
 public:
  explicit StepHandle(std::unique_ptr<StepClient> client) : client_(std::move(client)), view_(client_->view()) {}
  ~StepHandle() {
    const py::gil_scoped_release others_run;
    client_.reset();
  }

  /// Does `call` with the run, while other threads of Python go on. A signal's exception comes out of it.
  template <typename Call>
  auto Do(Call call) {
    const Turn turn(busy_);
    if (client_ == nullptr) throw py::value_error("this simulation is closed; make a new one");
    auto result = [&] {
      const py::gil_scoped_release others_run;
      return call(*client_);
    }();
    if (PyErr_Occurred() != nullptr) throw py::error_already_set();  // Of the signal that came meanwhile.
    return result;
  }

  /// The run died or ends here: its recording is sealed. Once is enough.
  void Close() {
    const Turn turn(busy_);
    const py::gil_scoped_release others_run;
    client_.reset();
  }

  bool closed() const { return client_ == nullptr; }
  /// As it was last, once closed.
  const View& view() const { return view_; }
  const StepClient* client() const { return client_.get(); }

 private:
  class Turn {
   public:
    explicit Turn(std::atomic<bool>& busy) : busy_(busy) {
      if (busy_.exchange(true)) throw std::runtime_error("another thread is in this simulation: step it from one");
    }
    ~Turn() { busy_ = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::atomic<bool>& busy_;
  };

  std::unique_ptr<StepClient> client_;
  const View view_;
  std::atomic<bool> busy_ = false;
};

// In the middle of a call, where a signal has come: its Python handler runs, and may raise.
bool Interrupted() {
  const py::gil_scoped_acquire python;
  return PyErr_Occurred() != nullptr || PyErr_CheckSignals() != 0;
}

std::unique_ptr<StepHandle> Start(const std::string& executable, const std::string& scenario, const std::string& recording,
                                  const std::string& consent, std::optional<uint64_t> seed, const std::string& firmware,
                                  const std::string& kind, const std::string& home, std::optional<double> until_s) {
  RunRequest request;
  request.scenario = scenario;
  request.recording = recording;
  request.consent = consent;
  request.seed = seed;
  request.firmware = firmware;
  request.kind = kind;
  request.home = home;
  if (until_s) request.until = ToDuration(*until_s, "until");
  auto client = [&] {
    const py::gil_scoped_release others_run;
    return StepClient::Start(request, {.executable = executable, .interrupted = Interrupted});
  }();
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  return std::make_unique<StepHandle>(OrRaise(std::move(client)));
}

// What may fail because the firmware died: a word of its own, which the caller makes an exception of.
void OrRaiseDeath(StepHandle& handle, const Result<void>& result) {
  if (result) return;
  const StepClient* client = handle.client();
  if (client == nullptr || !client->outcome() || client->outcome()->end != RunEnd::kFirmwareDied) Raise(result.error());
  const py::object type = py::module_::import("dustproof.errors").attr("FirmwareDied");
  const py::object diagnostic = py::module_::import("dustproof.errors").attr("Diagnostic");
  py::list diagnostics;
  diagnostics.append(diagnostic("", 0, 0, "", Text(client->outcome()->diagnosis)));
  PyErr_SetObject(type.ptr(), type(diagnostics).ptr());
  throw py::error_already_set();
}

template <typename Call>
void Tell(StepHandle& handle, Call call) {
  OrRaiseDeath(handle, handle.Do(call));
}

void Step(StepHandle& handle, double duration_s) {
  const SimDuration duration = ToDuration(duration_s, "duration_s");
  Tell(handle, [&](StepClient& c) { return c.Step(duration); });
}

void Until(StepHandle& handle, double time_s) {
  const SimTime time = SimTime::Zero() + ToDuration(time_s, "time_s");
  Tell(handle, [&](StepClient& c) { return c.Until(time); });
}

constexpr std::pair<const char*, SampleKind> kSamples[] = {
    {"lidar", SampleKind::kLidar}, {"odometry", SampleKind::kOdometry}, {"imu", SampleKind::kImu},
    {"hazard", SampleKind::kHazard}, {"dock", SampleKind::kDock}, {"battery", SampleKind::kBattery}};

void UntilSample(StepHandle& handle, const std::string& kind, double limit_s) {
  std::vector<std::string> known;
  for (const auto& [word, sample] : kSamples) {
    known.push_back(word);
    if (word != kind) continue;
    const SimTime limit = SimTime::Zero() + ToDuration(limit_s, "limit_s");
    return Tell(handle, [&](StepClient& c) { return c.UntilSample(sample, limit); });
  }
  const std::string near = SuggestWord(kind, known);
  throw py::value_error("no sample '" + kind + "'; " +
                        (near.empty() ? "there are lidar, odometry, imu, hazard, dock and battery" : "did you mean '" + near + "'?"));
}

void SetConsent(StepHandle& handle, const std::string& consent, const std::string& word) {
  ConsentState state{};
  if (!ParseConsentState(word, &state))
    throw py::value_error("a consent is unset, granted, denied or withdrawn, got '" + word + "'");
  Tell(handle, [&](StepClient& c) { return c.SetConsent(consent, state); });
}

void InjectFault(StepHandle& handle, const std::string& action, std::optional<double> duration_s, double value) {
  if (!std::isfinite(value)) throw py::value_error("value must be finite");
  std::optional<SimDuration> duration;
  if (duration_s) duration = ToDuration(*duration_s, "duration_s");
  Tell(handle, [&](StepClient& c) { return c.InjectFault(action, duration, value); });
}

py::tuple Finish(StepHandle& handle) {
  const RunOutcome outcome = OrRaise(handle.Do([](StepClient& c) { return c.Finish(); }));
  return py::make_tuple(ToWord(outcome.end), outcome.hash, outcome.seed, outcome.sim_s, outcome.events_run, outcome.wall_s,
                        Text(outcome.diagnosis));
}

py::list TakeHappenings(StepHandle& handle) {
  std::vector<Happening> happenings = handle.Do([](StepClient& c) { return c.TakeHappenings(); });
  py::list list;
  for (Happening& happening : happenings)
    std::visit([&](auto& one) { list.append(py::cast(std::move(one))); }, happening);
  return list;
}

template <typename T, size_t N>
auto ToTuple(const T (&values)[N]) {
  return std::apply([](auto... v) { return std::make_tuple(v...); }, std::to_array(values));
}

/// One turn of the lidar in the shared memory.
struct StepScan {
  View view;
};

/// A read-only array over the shared memory, which it keeps mapped.
template <typename T>
py::array_t<T> SharedArray(const View& view, const T* values) {
  const py::capsule owner(new View(view), [](void* p) { delete static_cast<View*>(p); });
  py::array_t<T> array({Size(std::min<size_t>(view->scan.beams, kStepViewBeamsMax))}, values, owner);
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

void BindStepScan(py::module_& m) {
  py::class_<StepScan>(m, "StepScan",
                       "The newest turn of the lidar, frame L: read-only views of memory that the run's process writes. They change "
                       "with the steps, as `sequence` tells, and stay valid memory after the simulation is closed.")
      .def_property_readonly("sequence", [](const StepScan& s) { return s.view->scan.sequence; }, "Counts turns from 1.")
      .def_property_readonly("time_s", [](const StepScan& s) { return Seconds(s.view->scan.time_ns); }, "Of the first beam.")
      .def_property_readonly("period_s", [](const StepScan& s) { return Seconds(s.view->scan.period_ns); },
                             "From the first beam to the first of the next turn.")
      .def_property_readonly("range_m", [](const StepScan& s) { return SharedArray(s.view, s.view->scan.range_m); },
                             "0 = no valid return.")
      .def_property_readonly("angle_rad", [](const StepScan& s) { return SharedArray(s.view, s.view->scan.angle_rad); },
                             "Of each beam, -pi to pi, counter-clockwise.")
      .def_property_readonly("offset_s", [](const StepScan& s) { return SharedArray(s.view, s.view->scan.offset_s); },
                             "Time of each beam after the first.")
      .def_property_readonly("quality", [](const StepScan& s) { return SharedArray(s.view, s.view->scan.quality); },
                             "Strength of the return, 0 to 255.");
}

void BindContact(py::module_& m) {
  const auto tuple = [](const Vec3& v) { return std::make_tuple(v.x(), v.y(), v.z()); };
  py::class_<Contact>(m, "Contact", "The hull begins to touch something: the strongest push of that physics step. Frame W.")
      .def_property_readonly("time_s", [](const Contact& c) { return Seconds(c.time.nanoseconds()); })
      .def_property_readonly("p_WPt_W", [tuple](const Contact& c) { return tuple(c.p_WPt_W); }, "The touched point of the hull.")
      .def_property_readonly("normal_W", [tuple](const Contact& c) { return tuple(c.normal_W); }, "Unit, into the hull.")
      .def_readonly("impulse_Ns", &Contact::impulse_Ns, "Along the normal.")
      .def_readonly("prop", &Contact::prop, "Index of the loose thing that was touched, or -1 for something fixed.")
      .def("__repr__", [](const Contact& c) { return "<Contact " + ToString(c.time) + ">"; });
}

// What the view shows, by name. It is there also after the end.
template <typename Get>
void Shown(py::class_<StepHandle>& cls, const char* name, Get get, const char* doc) {
  cls.def_property_readonly(name, [get](const StepHandle& handle) { return get(*handle.view()); }, doc);
}

}  // namespace

void BindStepClient(py::module_& m) {
  BindStepScan(m);
  BindContact(m);
  m.def("make_result_folder",
        [](const std::string& wanted, const std::string& scenario) { return OrRaise(MakeResultFolder(wanted, scenario)); },
        py::arg("wanted"), py::arg("scenario"), "The folder that results go to: a new or empty one, or a fresh one under runs/.");
  py::class_<StepHandle> cls(m, "StepClient", "A run that is stepped; dustproof.Simulation is for users.");
  cls.def(py::init(&Start), py::arg("executable"), py::arg("scenario"), py::arg("recording"), py::arg("consent"), py::arg("seed"),
          py::arg("firmware"), py::arg("kind"), py::arg("home"), py::arg("until_s"))
      .def("close", &StepHandle::Close)
      .def_property_readonly("closed", &StepHandle::closed)
      .def("step", &Step, py::arg("duration_s"))
      .def("until", &Until, py::arg("time_s"))
      .def("until_sample", &UntilSample, py::arg("kind"), py::arg("limit_s"))
      .def("set_consent", &SetConsent, py::arg("consent"), py::arg("state"))
      .def("press", [](StepHandle& h, const std::string& button) { Tell(h, [&](StepClient& c) { return c.Press(button); }); },
           py::arg("button"))
      .def("perform",
           [](StepHandle& h, const std::string& action, const std::string& value) {
             Tell(h, [&](StepClient& c) { return c.Perform(action, value); });
           },
           py::arg("action"), py::arg("value"))
      .def("inject_fault", &InjectFault, py::arg("action"), py::arg("duration_s"), py::arg("value"))
      .def("finish", &Finish)
      .def("take_happenings", &TakeHappenings)
      .def_property_readonly("end", [](const StepHandle& h) -> std::optional<std::string> {
        const StepClient* client = h.client();
        return client == nullptr || !client->end() ? std::nullopt : std::optional<std::string>(ToWord(*client->end()));
      }, "Why the run is over; None before.")
      .def_property_readonly("scan", [](const StepHandle& h) { return h.view()->scan.sequence == 0 ? std::nullopt : std::optional(StepScan{h.view()}); },
                             "The newest turn.");
  Shown(cls, "time_s", [](const StepView& v) { return Seconds(v.now_ns); }, "Simulated time.");
  Shown(cls, "events_run", [](const StepView& v) { return v.events_run; }, "Events of the run's queue so far.");
  Shown(cls, "pose", [](const StepView& v) { return ToTuple(v.pose); }, "X_WR.");
  Shown(cls, "wheel_speed_m_s", [](const StepView& v) { return ToTuple(v.wheel_speed_m_s); }, "Left, right.");
  Shown(cls, "commanded_m_s", [](const StepView& v) { return ToTuple(v.commanded_m_s); }, "Left, right.");
  Shown(cls, "collisions", [](const StepView& v) { return v.collisions; }, "Presses of the bumper so far.");
  Shown(cls, "docked", [](const StepView& v) { return v.docked != 0; }, "On its dock.");
  Shown(cls, "powered", [](const StepView& v) { return v.powered != 0; }, "The computer has its supply.");
  Shown(cls, "activity", [](const StepView& v) { return Text(std::string(v.activity, strnlen(v.activity, sizeof v.activity))); },
        "What the firmware says it does.");
  Shown(cls, "ticks", [](const StepView& v) { return ToTuple(v.odometry.ticks); }, "Left, right.");
  Shown(cls, "wheel_drop", [](const StepView& v) { return std::make_tuple(v.odometry.wheel_drop[0] != 0, v.odometry.wheel_drop[1] != 0); }, "Left, right.");
  Shown(cls, "gyro_rad_s", [](const StepView& v) { return ToTuple(v.imu.gyro_rad_s); }, "Of the IMU.");
  Shown(cls, "accel_m_s2", [](const StepView& v) { return ToTuple(v.imu.accel_m_s2); }, "Of the IMU.");
  Shown(cls, "bumper", [](const StepView& v) { return std::make_tuple(v.hazard.bumper[0] != 0, v.hazard.bumper[1] != 0); }, "Left, right.");
  Shown(cls, "cliff", [](const StepView& v) {
    const auto& c = v.hazard.cliff;
    return std::make_tuple(c[0] != 0, c[1] != 0, c[2] != 0, c[3] != 0);
  }, "Left to right.");
  Shown(cls, "battery", [](const StepView& v) {
    const StepView::Battery& b = v.battery;
    return std::make_tuple(b.voltage_V, b.current_A, b.charge_pct, b.temperature_C, b.charging != 0);
  }, "Voltage, current, charge, temperature, charging.");
}

}  // namespace dustproof
