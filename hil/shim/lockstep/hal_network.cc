// Wi-Fi, sockets and the serial console: hil/hal/dp_network.h.

#include <algorithm>
#include <string_view>

#include "hil/shim/lockstep/internal/hal_state.h"

namespace dustproof::internal {
namespace {

constexpr SimDuration kScanTime = SimDuration::Seconds(2);
constexpr size_t kSocketsMax = 32;
constexpr size_t kSsidBytesMax = 32;
constexpr size_t kPassphraseBytesMax = 64;  // 63 characters, or 64 hex digits of the key itself.
constexpr size_t kHostNameBytesMax = 253;
constexpr size_t kDatagramBytesMax = 1472;
constexpr size_t kTransferBytesMax = 64u << 20;  // A length beyond it is taken for a wild one.

// Wi-Fi.

int32_t WifiScan(dp_wifi_network* out, size_t capacity) {
  const HalCall call("wifi.scan", out, capacity);
  if (!call) return DP_ERR_STATE;
  if (out == nullptr && capacity > 0) return call.Refuse("out is null");
  HalState& hal = call.hal();
  hal.scheduler.SleepUntil(hal.queue.now() + kScanTime);
  size_t count = 0;
  hal.scheduler.OnHostStack([&] {
    const std::vector<dp_wifi_network> networks = hal.devices.wifi->Scan();
    count = std::min(networks.size(), capacity);
    std::copy_n(networks.begin(), count, out);
  });
  return static_cast<int32_t>(count);
}

dp_status WifiJoin(const char* ssid, const char* password, const char* host_name,
                   uint64_t timeout_us) {
  const HalCall call("wifi.join", ssid, password, host_name, timeout_us);
  if (!call) return DP_ERR_STATE;
  const auto ssid_bytes = TextLength(ssid, kSsidBytesMax);
  const auto password_bytes = TextLength(password == nullptr ? "" : password, kPassphraseBytesMax);
  const auto host_bytes = TextLength(host_name == nullptr ? "" : host_name, kHostNameBytesMax);
  if (!ssid_bytes || *ssid_bytes == 0 || !password_bytes || !host_bytes) {
    return call.Refuse("ssid must have 1 to 32 bytes, password at most 64, host_name at most 253");
  }
  HalState& hal = call.hal();
  WifiDevice& wifi = *hal.devices.wifi;
  const SimTime deadline = hal.Deadline(timeout_us);
  while (hal.join_under_way) {  // Another task's.
    if (!hal.scheduler.Wait(hal.joining, deadline)) return DP_ERR_TIMEOUT;
  }
  hal.join_under_way = true;
  hal.scheduler.OnHostStack([&] {
    wifi.StartJoin({ssid, *ssid_bytes}, password == nullptr ? "" : password,
                   host_name == nullptr ? "" : host_name);
  });
  const uint64_t left_us = deadline == SimTime::Max()
                               ? DP_FOREVER
                               : static_cast<uint64_t>(std::max<int64_t>(
                                     0, (deadline - hal.queue.now()).microseconds()));
  const int32_t answer =
      Retry(hal, hal.network, left_us, [&] { return static_cast<int32_t>(wifi.PollJoin()); });
  if (answer == DP_ERR_TIMEOUT) hal.scheduler.OnHostStack([&] { wifi.CancelJoin(); });
  hal.join_under_way = false;
  hal.scheduler.NotifyOne(hal.joining);
  return static_cast<dp_status>(answer);
}

dp_status WifiStartHotspot(const char* ssid, const char* passphrase) {
  const HalCall call("wifi.start_hotspot", ssid, passphrase);
  if (!call) return DP_ERR_STATE;
  const auto ssid_bytes = TextLength(ssid, kSsidBytesMax);
  const auto pass_bytes = TextLength(passphrase == nullptr ? "" : passphrase, 63);
  if (!ssid_bytes || *ssid_bytes == 0) return call.Refuse("ssid must have 1 to 32 bytes");
  if (!pass_bytes || (passphrase != nullptr && *pass_bytes < 8))
    return call.Refuse("passphrase must be null or have 8 to 63 characters");
  if (call->join_under_way) return call.Refuse("a join is under way", DP_ERR_STATE);
  dp_status status = DP_ERR_IO;
  call->scheduler.OnHostStack([&] {
    status = call->devices.wifi->StartHotspot({ssid, *ssid_bytes},
                                              passphrase == nullptr ? "" : passphrase);
  });
  return status;
}

dp_status WifiStop() {
  const HalCall call("wifi.stop");
  if (!call) return DP_ERR_STATE;
  call->scheduler.OnHostStack([&] { call->devices.wifi->Stop(); });
  return DP_OK;
}

dp_wifi_state WifiState() {
  const HalCall call("wifi.state");
  return call ? call->devices.wifi->state() : DP_WIFI_OFF;
}

uint32_t WifiAddress() {
  const HalCall call("wifi.address");
  return call ? call->devices.wifi->address() : 0;
}

int8_t WifiRssi() {
  const HalCall call("wifi.rssi_dbm");
  return call ? static_cast<int8_t>(std::clamp(call->devices.wifi->rssi_dbm(), -127, 0))
              : int8_t{0};
}

constexpr dp_wifi_v1 kWifi = {WifiScan,  WifiJoin,    WifiStartHotspot, WifiStop,
                              WifiState, WifiAddress, WifiRssi};

// Sockets.

using SocketState = OpenSocket::State;

constexpr const char* kNoSocket = "no open socket has this handle";
constexpr const char* kNoTcpSocket = "no open TCP socket has this handle";
constexpr const char* kNoUdpSocket = "no open UDP socket has this handle";
constexpr const char* kNotNew = "the socket was connected or bound before";
constexpr const char* kNotConnected = "the socket is not connected";
constexpr const char* kBadData = "data is null, or longer than any buffer";
constexpr const char* kBadOut = "out is null, or capacity is 0 or beyond any buffer";

OpenSocket* FindSocket(HalState& hal, int32_t handle) {
  const auto it = std::find_if(hal.sockets.begin(), hal.sockets.end(),
                               [=](const auto& s) { return s.handle == handle; });
  return it == hal.sockets.end() ? nullptr : &*it;
}

OpenSocket* FindSocket(HalState& hal, int32_t handle, dp_socket_kind kind) {
  OpenSocket* socket = FindSocket(hal, handle);
  return socket != nullptr && socket->kind == kind ? socket : nullptr;
}

int32_t AddSocket(HalState& hal, int32_t device_id, dp_socket_kind kind, SocketState state) {
  const int32_t handle = hal.next_socket;
  hal.next_socket =
      handle == INT32_MAX ? 1 : handle + 1;  // Not reused soon: a stale handle stays invalid.
  hal.sockets.push_back({handle, device_id, kind, state});
  return handle;
}

int32_t SocketResolve(const char* host, uint32_t* out, size_t capacity, uint64_t timeout_us) {
  const HalCall call("socket.resolve", host, out, capacity, timeout_us);
  if (!call) return DP_ERR_STATE;
  const auto host_bytes = TextLength(host, kHostNameBytesMax);
  if (!host_bytes || *host_bytes == 0) return call.Refuse("host must have 1 to 253 bytes");
  if (out == nullptr || capacity == 0 || capacity > 4096)
    return call.Refuse("out is null, or capacity not in 1 to 4096");
  HalState& hal = call.hal();
  SocketDevice& device = *hal.devices.sockets;
  int32_t lookup = DP_ERR_UNREACHABLE;
  hal.scheduler.OnHostStack([&] { lookup = device.StartLookup({host, *host_bytes}); });
  if (lookup < 0) return lookup;
  const int32_t answer = Retry(hal, hal.network, timeout_us, [&] {
    return device.PollLookup(lookup, {out, capacity});
  });
  if (answer == DP_ERR_TIMEOUT) hal.scheduler.OnHostStack([&] { device.CancelLookup(lookup); });
  return answer;
}

int32_t SocketOpen(dp_socket_kind kind) {
  const HalCall call("socket.open", kind);
  if (!call) return DP_ERR_STATE;
  if (RawValue(kind) != DP_SOCKET_TCP && RawValue(kind) != DP_SOCKET_UDP)
    return call.Refuse("kind must be DP_SOCKET_TCP or DP_SOCKET_UDP");
  HalState& hal = call.hal();
  if (hal.sockets.size() >= kSocketsMax) return DP_ERR_FULL;
  int32_t answer = DP_ERR_FULL;
  hal.scheduler.OnHostStack([&] {
    answer = hal.devices.sockets->Open(kind);
    if (answer > 0) answer = AddSocket(hal, answer, kind, SocketState::kNew);
  });
  return answer;
}

dp_status SocketConnect(int32_t handle, dp_endpoint to, uint64_t timeout_us) {
  const HalCall call("socket.connect", handle, to, timeout_us);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  OpenSocket* socket = FindSocket(hal, handle, DP_SOCKET_TCP);
  if (socket == nullptr) return call.Refuse(kNoTcpSocket);
  if (to.port == 0) return call.Refuse("port 0 can't be connected to");
  const bool goes_on = socket->state == SocketState::kConnecting;
  if (socket->state != SocketState::kNew && !goes_on) return call.Refuse(kNotNew, DP_ERR_STATE);
  SocketDevice& device = *hal.devices.sockets;
  const int32_t id = socket->device_id;
  socket->state = SocketState::kConnecting;
  dp_status started = goes_on ? DP_OK : DP_ERR_UNREACHABLE;
  if (!goes_on) hal.scheduler.OnHostStack([&] { started = device.StartConnect(id, to); });
  int32_t answer = started;
  if (started == DP_OK) {
    answer = Retry(hal, hal.network, timeout_us, [&]() -> int32_t {
      return FindSocket(hal, handle) == nullptr ? DP_ERR_CLOSED : device.PollConnect(id);
    });
  }
  socket = FindSocket(hal, handle);  // Another task may have closed it, or moved the table.
  // After a failure the socket is good for nothing but to be closed.
  if (socket != nullptr && answer != DP_ERR_TIMEOUT)
    socket->state = answer == DP_OK ? SocketState::kConnected : SocketState::kFailed;
  return static_cast<dp_status>(answer);
}

dp_status SocketBind(int32_t handle, uint16_t port) {
  const HalCall call("socket.bind", handle, port);
  if (!call) return DP_ERR_STATE;
  OpenSocket* socket = FindSocket(call.hal(), handle);
  if (socket == nullptr) return call.Refuse(kNoSocket);
  if (socket->state != SocketState::kNew) return call.Refuse(kNotNew, DP_ERR_STATE);
  dp_status status = DP_ERR_IO;
  call->scheduler.OnHostStack(
      [&] { status = call->devices.sockets->Bind(socket->device_id, port); });
  if (status == DP_OK)
    socket->state = socket->kind == DP_SOCKET_TCP ? SocketState::kListening : SocketState::kBound;
  return status;
}

int32_t SocketAccept(int32_t listener, dp_endpoint* peer, uint64_t timeout_us) {
  const HalCall call("socket.accept", listener, peer, timeout_us);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  const OpenSocket* socket = FindSocket(hal, listener, DP_SOCKET_TCP);
  if (socket == nullptr) return call.Refuse(kNoTcpSocket);
  if (socket->state != SocketState::kListening)
    return call.Refuse("the socket does not listen: bind it first", DP_ERR_STATE);
  const int32_t id = socket->device_id;
  dp_endpoint from{};
  const int32_t answer = Retry(hal, hal.network, timeout_us, [&]() -> int32_t {
    if (FindSocket(hal, listener) == nullptr) return DP_ERR_CLOSED;
    if (hal.sockets.size() >= kSocketsMax) return DP_ERR_FULL;
    const int32_t accepted = hal.devices.sockets->Accept(id, from);
    return accepted > 0 ? AddSocket(hal, accepted, DP_SOCKET_TCP, SocketState::kConnected)
                        : accepted;
  });
  if (answer > 0 && peer != nullptr) *peer = from;
  return answer;
}

int32_t SocketSend(int32_t handle, const void* data, size_t bytes, uint64_t timeout_us) {
  const HalCall call("socket.send", handle, data, bytes, timeout_us);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  const OpenSocket* socket = FindSocket(hal, handle, DP_SOCKET_TCP);
  if (socket == nullptr) return call.Refuse(kNoTcpSocket);
  if ((data == nullptr && bytes > 0) || bytes > kTransferBytesMax) return call.Refuse(kBadData);
  if (socket->state != SocketState::kConnected) return call.Refuse(kNotConnected, DP_ERR_STATE);
  if (bytes == 0) return 0;
  const int32_t id = socket->device_id;
  const auto* begin = static_cast<const std::byte*>(data);
  size_t taken = 0;
  const int32_t answer = Retry(hal, hal.network, timeout_us, [&]() -> int32_t {
    while (taken < bytes) {
      if (FindSocket(hal, handle) == nullptr) return DP_ERR_CLOSED;
      const int32_t count = hal.devices.sockets->Send(id, {begin + taken, bytes - taken});
      if (count <= 0) return count == 0 ? DP_ERR_TIMEOUT : count;
      taken += static_cast<size_t>(count);
    }
    return DP_OK;
  });
  return taken > 0 ? static_cast<int32_t>(taken) : answer;
}

int32_t SocketReceive(int32_t handle, void* out, size_t capacity, uint64_t timeout_us) {
  const HalCall call("socket.receive", handle, out, capacity, timeout_us);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  const OpenSocket* socket = FindSocket(hal, handle, DP_SOCKET_TCP);
  if (socket == nullptr) return call.Refuse(kNoTcpSocket);
  if (out == nullptr || capacity == 0 || capacity > kTransferBytesMax) return call.Refuse(kBadOut);
  if (socket->state != SocketState::kConnected) return call.Refuse(kNotConnected, DP_ERR_STATE);
  const int32_t id = socket->device_id;
  return Retry(hal, hal.network, timeout_us, [&]() -> int32_t {
    if (FindSocket(hal, handle) == nullptr) return DP_ERR_CLOSED;
    return hal.devices.sockets->Receive(id, {static_cast<std::byte*>(out), capacity});
  });
}

int32_t SocketSendTo(int32_t handle, dp_endpoint to, const void* data, size_t bytes) {
  const HalCall call("socket.send_to", handle, to, data, bytes);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  OpenSocket* socket = FindSocket(hal, handle, DP_SOCKET_UDP);
  if (socket == nullptr) return call.Refuse(kNoUdpSocket);
  if ((data == nullptr && bytes > 0) || bytes > kDatagramBytesMax)
    return call.Refuse("data is null, or longer than 1472 bytes");
  if (to.address == 0 || to.port == 0) return call.Refuse("address or port is 0");
  int32_t answer = DP_ERR_UNREACHABLE;
  hal.scheduler.OnHostStack([&] {
    answer = hal.devices.sockets->SendTo(socket->device_id, to,
                                         {static_cast<const std::byte*>(data), bytes});
  });
  return answer;
}

int32_t SocketReceiveFrom(int32_t handle, dp_endpoint* from, void* out, size_t capacity,
                          uint64_t timeout_us) {
  const HalCall call("socket.receive_from", handle, from, out, capacity, timeout_us);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  const OpenSocket* socket = FindSocket(hal, handle, DP_SOCKET_UDP);
  if (socket == nullptr) return call.Refuse(kNoUdpSocket);
  if (out == nullptr || capacity == 0 || capacity > kTransferBytesMax) return call.Refuse(kBadOut);
  const int32_t id = socket->device_id;
  dp_endpoint sender{};
  const int32_t answer = Retry(hal, hal.network, timeout_us, [&]() -> int32_t {
    if (FindSocket(hal, handle) == nullptr) return DP_ERR_CLOSED;
    return hal.devices.sockets->ReceiveFrom(id, sender, {static_cast<std::byte*>(out), capacity});
  });
  if (answer >= 0 && from != nullptr) *from = sender;
  return answer;
}

dp_status SocketJoinGroup(int32_t handle, uint32_t group) {
  const HalCall call("socket.join_group", handle, group);
  if (!call) return DP_ERR_STATE;
  OpenSocket* socket = FindSocket(call.hal(), handle, DP_SOCKET_UDP);
  if (socket == nullptr) return call.Refuse(kNoUdpSocket);
  if ((group >> 28) != 0xE) return call.Refuse("the group is not in 224.0.0.0/4");
  dp_status status = DP_ERR_IO;
  call->scheduler.OnHostStack(
      [&] { status = call->devices.sockets->JoinGroup(socket->device_id, group); });
  return status;
}

dp_status SocketClose(int32_t handle) {
  const HalCall call("socket.close", handle);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  const OpenSocket* socket = FindSocket(hal, handle);
  if (socket == nullptr) return call.Refuse(kNoSocket);
  const int32_t id = socket->device_id;
  hal.scheduler.OnHostStack([&] {
    std::erase_if(hal.sockets, [handle](const OpenSocket& s) { return s.handle == handle; });
    hal.devices.sockets->Close(id);
    hal.NotifyNetwork();  // Tasks that wait on it learn that it is closed.
  });
  return DP_OK;
}

constexpr dp_socket_v1 kSocket = {SocketResolve,     SocketOpen,      SocketConnect, SocketBind,
                                  SocketAccept,      SocketSend,      SocketReceive, SocketSendTo,
                                  SocketReceiveFrom, SocketJoinGroup, SocketClose};

// Serial console.

int32_t UartWrite(const void* data, size_t bytes) {
  const HalCall call("uart.write", data, bytes);
  if (!call) return DP_ERR_STATE;
  if ((data == nullptr && bytes > 0) || bytes > kTransferBytesMax) return call.Refuse(kBadData);
  if (bytes > 0) {
    call->scheduler.OnHostStack([&] {
      call->devices.uart->Write({static_cast<const std::byte*>(data), bytes});
    });
  }
  return static_cast<int32_t>(bytes);
}

int32_t UartRead(void* out, size_t capacity, uint64_t timeout_us) {
  const HalCall call("uart.read", out, capacity, timeout_us);
  if (!call) return DP_ERR_STATE;
  if (out == nullptr || capacity == 0 || capacity > kTransferBytesMax) return call.Refuse(kBadOut);
  HalState& hal = call.hal();
  return Retry(hal, hal.typing, timeout_us, [&]() -> int32_t {
    const size_t count = hal.devices.uart->Read({static_cast<std::byte*>(out), capacity});
    return count > 0 ? static_cast<int32_t>(count) : DP_ERR_TIMEOUT;
  });
}

constexpr dp_uart_v1 kUart = {UartWrite, UartRead};

}  // namespace

uint64_t WaitForNetwork(uint64_t seen, uint64_t timeout_us) {
  const HalCall call("socket.wait", seen, timeout_us);
  if (!call) return seen;
  HalState& hal = call.hal();
  Retry(hal, hal.network, timeout_us, [&]() -> int32_t {
    return hal.network_changes == seen ? DP_ERR_TIMEOUT : DP_OK;
  });
  return hal.network_changes;
}

const void* FindNetworkInterface(const HalState& hal, const char* name) {
  const std::string_view word(name);
  const Devices& devices = hal.devices;
  if (word == DP_WIFI && devices.wifi != nullptr && devices.sockets != nullptr) return &kWifi;
  if (word == DP_SOCKET && devices.sockets != nullptr) return &kSocket;
  if (word == DP_UART && devices.uart != nullptr) return &kUart;
  return nullptr;
}

}  // namespace dustproof::internal
