#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "hil/app/phone.h"
#include "sim/core/event_queue.h"

namespace dustproof {

/// A phone whose connections lead straight to a service, ten milliseconds each way.
class FakePhone final : public Phone {
 public:
  explicit FakePhone(EventQueue& queue) : queue_(queue) {}

  /// Networks in range with their passwords; which one the phone is on, and how often anything was
  /// asked of it.
  std::map<std::string, std::string> networks;
  std::string joined = "home";
  int used = 0;
  /// Who answers at "host:port", "" where TLS is not meant: the key begins with "tls:" or "tcp:".
  std::map<std::string, StreamService*> services;

  void JoinWifi(const std::string& ssid, const std::string& password,
                std::function<void(const std::string&)> done) override {
    ++used;
    queue_.ScheduleAfter(kDelay, EventSource::kNetwork, [=, this] {
      const auto network = networks.find(ssid);
      const bool ok = network != networks.end() && network->second == password;
      joined = ok ? ssid : "";
      done(ok ? "" : "out of range");
    });
  }

  void Connect(const Dial& dial, std::unique_ptr<StreamCore> core,
               std::function<void(const std::string&)> failed) override {
    ++used;
    const std::string key =
        (dial.tls ? "tls:" : "tcp:") + dial.host + ":" + std::to_string(dial.port);
    auto link = std::make_shared<Link>(Link{.client = std::move(core), .server = nullptr});
    queue_.ScheduleAfter(kDelay, EventSource::kNetwork, [=, this] {
      const auto service = services.find(key);
      if (joined.empty() || service == services.end()) {
        link->client.reset();
        return failed("unreachable");
      }
      StreamPeer peer;
      peer.encrypted = dial.tls;
      link->server = service->second->Accept(queue_.now(), peer);
      // Not the link itself: it owns the ends, and they own what wakes them.
      const auto drain = [this, weak = std::weak_ptr(link)] {
        if (const auto one = weak.lock()) Drain(one);
      };
      link->client->set_wake(drain);
      link->server->set_wake(drain);
      link->server->OnOpen(queue_.now());
      link->client->OnOpen(queue_.now());
      Tick(link);
    });
  }

 private:
  static constexpr SimDuration kDelay = SimDuration::Milliseconds(10);
  struct Link {
    std::unique_ptr<StreamCore> client, server;
    bool draining = false;
  };

  void Drain(const std::shared_ptr<Link>& link) {
    if (std::exchange(link->draining, true)) return;
    queue_.ScheduleAfter(kDelay, EventSource::kNetwork, [this, link] {
      link->draining = false;
      if (!link->client) return;
      const SimTime now = queue_.now();
      if (link->client->has_output()) link->server->OnBytes(now, link->client->TakeOutput());
      if (link->server->has_output()) link->client->OnBytes(now, link->server->TakeOutput());
      if (link->client->has_output() || link->server->has_output()) return Drain(link);
      if (!link->client->wants_close() && !link->server->wants_close()) return;
      link->client->OnClose(now);
      link->server->OnClose(now);
      link->client.reset();
    });
  }

  /// Timers, a second apart: close enough for what is tested here.
  void Tick(const std::shared_ptr<Link>& link) {
    if (!link->client) return;
    for (StreamCore* core : {link->client.get(), link->server.get()}) {
      if (core->next_timer() && *core->next_timer() <= queue_.now()) core->OnTimer(queue_.now());
    }
    queue_.ScheduleAfter(SimDuration::Seconds(1), EventSource::kNetwork,
                         [this, link] { Tick(link); });
  }

  EventQueue& queue_;
};

}  // namespace dustproof
