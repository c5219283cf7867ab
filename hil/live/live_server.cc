#include "hil/live/live_server.h"

#include <signal.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "hil/live/internal/socket_stream.h"

namespace dustproof {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

constexpr size_t kDatagramBytesMax = 65536;
/// A moment without new connections where there is no file descriptor left for one.
constexpr std::chrono::milliseconds kAcceptPause(100);

template <typename Endpoint>
NetEndpoint ToNetEndpoint(const Endpoint& endpoint) {
  return {endpoint.address().to_v4().to_uint(), endpoint.port()};
}

std::string WayOut(const LiveServer::Port& port, const error_code& error) {
  if (error == asio::error::address_in_use)
    return "end whoever listens there, or name another port with " + port.setting + " (0: any)";
  if (error == asio::error::access_denied)
    return "ports below 1024 are for root; name another with " + port.setting;
  if (error == boost::system::errc::address_not_available)
    return "it must be an address of this machine (`ip address` lists them)";
  return "name another port with " + port.setting;
}

Error CannotListen(const LiveServer::Port& port, uint32_t address, const error_code& error) {
  return Error::Environment("cannot listen for " + port.purpose + " at " + FormatAddress(address) +
                            ":" + std::to_string(port.number) + ": " + error.message() + "; " +
                            WayOut(port, error));
}

bool IsIgnored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

struct LiveServer::Impl {
  struct Listener {
    tcp::acceptor acceptor;
    asio::steady_timer pause;
  };

  struct Watched {
    asio::posix::stream_descriptor descriptor;  // Borrowed.
    std::function<bool()> on_readable;
  };

  Impl(EventQueue& event_queue, uint32_t own_address) : queue(event_queue), address(own_address), dns(io), timer(io), signals(io) {}
  ~Impl() {
    for (const auto& watch : watched) watch->descriptor.release();
  }

  Result<void> OpenStreamPort(const Port& port);
  Result<void> OpenDnsPort(const Port& port);
  void Begin(LiveNetwork& with);
  void Watch(size_t index);
  void Turn(const std::function<void()>& what);
  void ArmTimer();
  void Accept(Listener& listener);
  void Greet(tcp::socket socket);
  void WaitForQuery();
  void AnswerQueries();

  EventQueue& queue;
  const uint32_t address;
  asio::io_context io{1};
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::unique_ptr<Watched>> watched;
  udp::socket dns;
  asio::steady_timer timer;
  asio::signal_set signals;
  std::vector<uint16_t> stream_ports;
  std::map<std::pair<NetEndpoint, NetEndpoint>, std::shared_ptr<uint64_t>> heard;
  uint16_t dns_port = 0;
  std::optional<Pacer> pacer;  // Of one that runs by itself.
  LiveNetwork* network = nullptr;
  std::function<bool()> goes_on;
};

Result<void> LiveServer::Impl::OpenStreamPort(const Port& port) {
  auto listener = std::make_unique<Listener>(Listener{tcp::acceptor(io), asio::steady_timer(io)});
  tcp::acceptor& acceptor = listener->acceptor;
  error_code error;
  acceptor.open(tcp::v4(), error);
  // Connections of an earlier server that linger in the kernel keep nobody from its port.
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind({asio::ip::address_v4(address), port.number}, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return CannotListen(port, address, error);
  stream_ports.push_back(acceptor.local_endpoint().port());
  listeners.push_back(std::move(listener));
  if (network != nullptr) Accept(*listeners.back());
  return {};
}

Result<void> LiveServer::Impl::OpenDnsPort(const Port& port) {
  error_code error;
  dns.open(udp::v4(), error);
  if (!error) dns.non_blocking(true, error);
  if (!error) dns.bind({asio::ip::address_v4(address), port.number}, error);
  if (error) return CannotListen(port, address, error);
  dns_port = dns.local_endpoint().port();
  return {};
}

// Whatever happens, happens at the clock's time, and what it schedules for now is done right after.
void LiveServer::Impl::Turn(const std::function<void()>& what) {
  if (!pacer) return what();  // Somebody else's loop has caught up.
  pacer->CatchUp();
  what();
  pacer->CatchUp();
  ArmTimer();
  if (!goes_on()) io.stop();
}

void LiveServer::Impl::Begin(LiveNetwork& with) {
  network = &with;
  for (const auto& listener : listeners) Accept(*listener);
  if (dns.is_open()) WaitForQuery();
}

void LiveServer::Impl::Watch(size_t index) {
  watched[index]->descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [this, index](const error_code& error) {
    if (error) return;
    bool goes_on_watching = true;
    Turn([&] { goes_on_watching = watched[index]->on_readable(); });
    if (goes_on_watching) Watch(index);
  });
}

void LiveServer::Impl::ArmTimer() {
  const std::optional<SimDuration> wait = pacer->TimeToNext();
  if (!wait) {
    timer.cancel();
    return;
  }
  timer.expires_after(std::chrono::nanoseconds(wait->nanoseconds()));
  timer.async_wait([this](const error_code& error) {
    if (!error) Turn([] {});
  });
}

void LiveServer::Impl::Accept(Listener& listener) {
  listener.acceptor.async_accept([this, &listener](const error_code& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      Greet(std::move(socket));
      return Accept(listener);
    }
    listener.pause.expires_after(kAcceptPause);
    listener.pause.async_wait([this, &listener](const error_code& cancelled) {
      if (!cancelled) Accept(listener);
    });
  });
}

void LiveServer::Impl::Greet(tcp::socket socket) {
  error_code error;
  const tcp::endpoint client = socket.remote_endpoint(error);
  if (error) return;  // It has gone again.
  const tcp::endpoint server = socket.local_endpoint(error);
  if (error) return;
  const auto ends = std::make_pair(ToNetEndpoint(client), ToNetEndpoint(server));
  std::shared_ptr<uint64_t>& count = heard[ends];
  if (count == nullptr) count = std::make_shared<uint64_t>(0);
  auto stream = std::make_shared<internal::SocketStream>(
      std::move(socket), [this](const std::function<void()>& what) { Turn(what); }, count);
  Turn([&] { network->Accept(stream, ends.first, ends.second); });
  stream->Start();
}

void LiveServer::Impl::WaitForQuery() {
  dns.async_wait(udp::socket::wait_read, [this](const error_code& error) {
    if (error) return;
    Turn([this] { AnswerQueries(); });
    WaitForQuery();
  });
}

void LiveServer::Impl::AnswerQueries() {
  std::array<std::byte, kDatagramBytesMax> buffer;
  const NetEndpoint server = ToNetEndpoint(dns.local_endpoint());
  constexpr int kQueriesAtOnce = 64;  // Others want their turn, too.
  for (int i = 0; i < kQueriesAtOnce; ++i) {
    udp::endpoint client;
    error_code error;
    const size_t count = dns.receive_from(asio::buffer(buffer), client, 0, error);
    if (error) return;
    const auto answer =
        network->AnswerDns(ToNetEndpoint(client), server, std::span(buffer).first(count));
    if (answer) dns.send_to(asio::buffer(answer->data(), answer->size()), client, 0, error);
  }
}

LiveServer::LiveServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveServer::~LiveServer() = default;

Result<std::unique_ptr<LiveServer>> LiveServer::Open(const Config& config, EventQueue& queue) {
  auto impl = std::make_unique<Impl>(queue, config.address);
  for (const Port& port : config.stream_ports) {
    if (const Result<void> opened = impl->OpenStreamPort(port); !opened) return opened.error();
  }
  if (config.dns_port) {
    if (const Result<void> opened = impl->OpenDnsPort(*config.dns_port); !opened) return opened.error();
  }
  for (const int signal : config.stop_signals) {
    error_code ignored;
    if (!IsIgnored(signal)) impl->signals.add(signal, ignored);
  }
  return std::unique_ptr<LiveServer>(new LiveServer(std::move(impl)));
}

const std::vector<uint16_t>& LiveServer::stream_ports() const { return impl_->stream_ports; }
uint64_t LiveServer::heard(NetEndpoint client, NetEndpoint server) const {
  const auto found = impl_->heard.find({client, server});
  return found == impl_->heard.end() ? 0 : *found->second;
}
uint16_t LiveServer::dns_port() const { return impl_->dns_port; }
Result<void> LiveServer::Listen(const Port& port) { return impl_->OpenStreamPort(port); }
const Pacer::Lateness& LiveServer::lateness() const { return impl_->pacer->lateness(); }

void LiveServer::Watch(int fd, std::function<bool()> on_readable) {
  impl_->watched.push_back(std::make_unique<Impl::Watched>(
      Impl::Watched{asio::posix::stream_descriptor(impl_->io, fd), std::move(on_readable)}));
  impl_->Watch(impl_->watched.size() - 1);
}

void LiveServer::Run(LiveNetwork& network, const std::function<bool()>& goes_on) {
  impl_->goes_on = goes_on;
  impl_->pacer.emplace(impl_->queue);
  impl_->Begin(network);
  impl_->signals.async_wait([this](const error_code& error, int) {
    if (!error) impl_->io.stop();
  });
  impl_->ArmTimer();
  impl_->io.run();
  impl_->pacer->CatchUp();  // What is written of the end has its time.
}

void LiveServer::Begin(LiveNetwork& network) { impl_->Begin(network); }
size_t LiveServer::Poll() {
  if (impl_->io.stopped()) impl_->io.restart();
  return impl_->io.poll();
}

}  // namespace dustproof
