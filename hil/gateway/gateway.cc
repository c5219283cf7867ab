#include "hil/gateway/gateway.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>

#include "hil/gateway/internal/ip_tool.h"

namespace dustproof {

using internal::RunIp;

namespace {

constexpr uint16_t kServicePorts[] = {53, 67, 123};
constexpr int kFrameBytesMax = 262'144;  // What libpcap's own tools take: segments that the card would cut are longer than its frames.
constexpr int kCaptureBufferBytes = 32 << 20;

Error LastError(const std::string& what) { return Error::Environment("gateway: " + what + ": " + std::strerror(errno)); }

Error NotAllowed(const std::string& interface, const std::string& why) {
  return Error::Environment("gateway: cannot take " + interface + ": " + why +
                            "; it takes CAP_NET_ADMIN and CAP_NET_RAW: run it as root, or for virtual boards inside `unshare -Urn`");
}

std::string Subnet(const GatewayLan& lan) { return FormatAddress(lan.router & lan.mask()) + "/" + std::to_string(lan.prefix_bits); }

// A file descriptor as a path that another process can open.
std::string PathOf(int fd) { return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd); }

void SetSysctl(const std::string& name, const std::string& value) { std::ofstream("/proc/sys/net/" + name) << value; }

// Whoever takes this machine's own way out, takes it from its user.
Result<void> RefuseOwnInterface(const std::string& interface) {
  if (if_nametoindex(interface.c_str()) == 0) return Error::BadInput("gateway: there is no network interface '" + interface + "' (`ip link` lists them)");
  const Result<std::string> link = RunIp({"-o", "link", "show", "dev", interface});
  if (!link) return link.error();
  if (link->find(" master ") != std::string::npos)
    return Error::BadInput("gateway: " + interface + " is part of a bridge or bond, hence not the board's alone; take it out (`ip link set dev " + interface + " nomaster`)");
  for (const char* family : {"-4", "-6"}) {
    const Result<std::string> addresses = RunIp({"-o", family, "address", "show", "dev", interface, "scope", "global"});
    if (!addresses) return addresses.error();
    if (addresses->empty() && interface != "lo") continue;
    return Error::BadInput("gateway: " + interface + " has an address, hence serves this machine itself; name an interface that only the board is behind, or take the "
                           "address from it (`ip address flush dev " + interface + "`)");
  }
  return {};
}

}  // namespace

Result<GatewayConfig> ParseGateway(const std::string& text) {
  const Error bad = Error::BadInput("gateway: must be an interface, and may name our address there, e.g. eth1 or eth1@192.168.7.1/24; got '" + text + "'");
  GatewayConfig config;
  const size_t at = text.find('@');
  config.interface = text.substr(0, at);
  const bool is_name = !config.interface.empty() && config.interface.size() < IFNAMSIZ && config.interface.find_first_of("/ \t") == std::string::npos && config.interface[0] != '-';
  if (!is_name) return bad;
  if (at == std::string::npos) return config;
  const size_t slash = text.find('/', at);
  const std::string bits = slash == std::string::npos ? "24" : text.substr(slash + 1);
  const bool is_number = !bits.empty() && bits.size() <= 2 && bits.find_first_not_of("0123456789") == std::string::npos;
  if (!ParseAddress(text.substr(at + 1, slash == std::string::npos ? slash : slash - at - 1), &config.lan.router) || !is_number) return bad;
  config.lan.prefix_bits = std::stoi(bits);
  const uint32_t host = config.lan.router & ~(~uint32_t{0} << (32 - std::clamp(config.lan.prefix_bits, 8, 30)));
  if (config.lan.prefix_bits < 8 || config.lan.prefix_bits > 30) return Error::BadInput("gateway: the prefix must be 8 to 30 bits, is " + bits);
  if (host == 0 || config.lan.router == config.lan.broadcast())
    return Error::BadInput("gateway: " + FormatAddress(config.lan.router) + " is the address of its whole network; name one of a host in it");
  return config;
}

struct Gateway::Impl {
  explicit Impl(GatewayConfig gateway_config) : config(std::move(gateway_config)) {}
  ~Impl();

  Result<void> MakeNamespace();
  Result<void> TakeInterface();
  Result<void> Configure();
  Result<void> OpenServices();
  Result<void> OpenCapture();
  Result<void> Enter(int ns) const;

  const GatewayConfig config;
  int outer = -1, inner = -1;  // Namespaces.
  bool has_interface = false;
  int rules = 0;
  std::map<uint16_t, int> services;  // By port, a socket that answers come from.
  pcap_t* capture = nullptr;
};

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Gateway::Impl::~Impl() {
  if (capture != nullptr) pcap_close(capture);
  for (const auto& [port, fd] : services) close(fd);
  if (has_interface && Enter(inner).ok()) {
    [[maybe_unused]] const Result<std::string> returned = RunIp({"link", "set", "dev", config.interface, "netns", PathOf(outer)});
    [[maybe_unused]] const Result<void> left = Enter(outer);
  }
  for (const int fd : {outer, inner})
    if (fd >= 0) close(fd);
}

Result<void> Gateway::Impl::Enter(int ns) const {
  if (setns(ns, CLONE_NEWNET) != 0) return LastError("cannot change the network namespace");
  return {};
}

Result<std::unique_ptr<Gateway>> Gateway::Open(const GatewayConfig& config) {
  if (Result<void> own = RefuseOwnInterface(config.interface); !own) return own.error();
  auto impl = std::make_unique<Impl>(config);
  if (Result<void> made = impl->MakeNamespace(); !made) return made.error();
  if (Result<void> taken = impl->TakeInterface(); !taken) return taken.error();
  if (Result<void> entered = impl->Enter(impl->inner); !entered) return entered.error();
  Result<void> ready = impl->Configure();
  if (ready) ready = impl->OpenServices();
  if (ready) ready = impl->OpenCapture();
  if (Result<void> left = impl->Enter(impl->outer); !left) return left.error();
  if (!ready) return ready.error();
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Result<void> Gateway::Impl::MakeNamespace() {
  const char* own = "/proc/thread-self/ns/net";
  outer = open(own, O_RDONLY | O_CLOEXEC);
  if (outer < 0) return LastError("cannot open this process's network namespace");
  if (unshare(CLONE_NEWNET) != 0) return NotAllowed(config.interface, std::string("no network namespace of our own: ") + std::strerror(errno));
  inner = open(own, O_RDONLY | O_CLOEXEC);
  if (inner < 0) return LastError("cannot open a new network namespace");
  return Enter(outer);
}

Result<void> Gateway::Impl::TakeInterface() {
  const Result<std::string> moved = RunIp({"link", "set", "dev", config.interface, "netns", PathOf(inner)});
  if (!moved) return NotAllowed(config.interface, moved.error().diagnostics.front().message);
  has_interface = true;
  return {};
}

// Our address, the board's network, and all other addresses as ours. The kernel's table of local addresses comes first by default; here after
// the rules that drop what nobody listens for.
Result<void> Gateway::Impl::Configure() {
  SetSysctl("ipv4/ip_forward", "0");
  SetSysctl("ipv4/conf/all/rp_filter", "0");
  SetSysctl("ipv4/conf/" + config.interface + "/rp_filter", "0");
  SetSysctl("ipv6/conf/" + config.interface + "/disable_ipv6", "1");
  const std::string address = FormatAddress(config.lan.router) + "/" + std::to_string(config.lan.prefix_bits), &interface = config.interface;
  const std::vector<std::string> commands[] = {
      {"link", "set", "lo", "up"},
      {"address", "add", address, "broadcast", "+", "dev", interface},
      {"link", "set", "dev", interface, "up"},
      {"route", "add", "local", "default", "dev", "lo", "table", "local"},
      {"route", "replace", Subnet(config.lan), "dev", interface, "table", "local"},
      {"route", "add", "local", "default", "dev", "lo", "table", "100"},
      {"route", "add", "blackhole", "default", "table", "101"},
      {"rule", "add", "pref", "200", "iif", interface, "ipproto", "tcp", "lookup", "101"},
      {"rule", "add", "pref", "201", "iif", interface, "ipproto", "udp", "lookup", "101"},
      {"rule", "add", "pref", "300", "lookup", "local"},
      {"rule", "del", "pref", "0"}};
  for (const std::vector<std::string>& command : commands) {
    if (const Result<std::string> done = RunIp(command); !done) return done.error();
  }
  return {};
}

Result<void> Gateway::Impl::OpenServices() {
  for (const uint16_t port : kServicePorts) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
    if (fd < 0) return LastError("cannot make a socket");
    services[port] = fd;
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, config.interface.c_str(), static_cast<socklen_t>(config.interface.size()));
    const sockaddr_in any{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
    if (bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) return LastError("cannot have UDP port " + std::to_string(port));
  }
  return {};
}

Result<void> Gateway::Impl::OpenCapture() {
  char error[PCAP_ERRBUF_SIZE] = {};
  capture = pcap_create(config.interface.c_str(), error);
  if (capture == nullptr) return Error::Environment("gateway: cannot capture on " + config.interface + ": " + error);
  pcap_set_snaplen(capture, kFrameBytesMax);
  pcap_set_promisc(capture, 1);
  pcap_set_timeout(capture, Gateway::kCaptureDelayMs);  // Rather than frame by frame, for which the buffer holds few.
  pcap_set_buffer_size(capture, kCaptureBufferBytes);
  if (const int status = pcap_activate(capture); status < 0)
    return NotAllowed(config.interface, std::string(pcap_statustostr(status)) + " " + pcap_geterr(capture));
  if (pcap_datalink(capture) != DLT_EN10MB) return Error::BadInput("gateway: " + config.interface + " carries no Ethernet frames");
  if (pcap_setdirection(capture, PCAP_D_IN) != 0 || pcap_setnonblock(capture, 1, error) != 0)
    return Error::Environment("gateway: cannot capture on " + config.interface + ": " + pcap_geterr(capture));
  return {};
}

const GatewayConfig& Gateway::config() const { return impl_->config; }

Gateway::Inside::Inside(const Gateway& gateway) : gateway_(gateway) {
  [[maybe_unused]] const Result<void> entered = gateway_.impl_->Enter(gateway_.impl_->inner);
}
Gateway::Inside::~Inside() {
  [[maybe_unused]] const Result<void> left = gateway_.impl_->Enter(gateway_.impl_->outer);
}

Result<void> Gateway::LetIn(uint16_t port) {
  const Inside inside(*this);
  const Result<std::string> done = RunIp({"rule", "add", "pref", "100", "iif", impl_->config.interface, "ipproto", "tcp", "dport", std::to_string(port), "lookup", "100"});
  return done ? Result<void>() : done.error();
}

void Gateway::SendDatagram(NetEndpoint from, NetEndpoint to, std::span<const std::byte> payload) {
  const auto service = impl_->services.find(from.port);
  if (service == impl_->services.end()) return;
  sockaddr_in destination{.sin_family = AF_INET, .sin_port = htons(to.port), .sin_addr = {htonl(to.address)}, .sin_zero = {}};
  iovec data{const_cast<std::byte*>(payload.data()), payload.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in_pktinfo))] = {};
  msghdr message{};
  message.msg_name = &destination;
  message.msg_namelen = sizeof destination;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo source{};
  source.ipi_spec_dst.s_addr = htonl(from.address);
  std::memcpy(CMSG_DATA(header), &source, sizeof source);
  [[maybe_unused]] const ssize_t sent = sendmsg(service->second, &message, 0);  // Lost, as datagrams may be.
}

int Gateway::capture_fd() const { return pcap_get_selectable_fd(impl_->capture); }

Gateway::Capture Gateway::Drain(const std::function<void(std::span<const std::byte> frame)>& on_frame) {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  constexpr int kFramesAtOnce = 256;  // Others want their turn, too.
  for (int i = 0; i < kFramesAtOnce; ++i) {
    const int status = pcap_next_ex(impl_->capture, &header, &bytes);
    if (status != 1) return status == 0 ? Capture::kEmpty : Capture::kOver;
    on_frame(std::as_bytes(std::span(bytes, header->caplen)));
  }
  return Capture::kMore;
}

uint64_t Gateway::lost_frames() const {
  pcap_stat counts{};
  return pcap_stats(impl_->capture, &counts) == 0 ? counts.ps_drop : 0;
}

}  // namespace dustproof
