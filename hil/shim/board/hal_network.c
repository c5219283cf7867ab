/* Wi-Fi, sockets and the serial console: hil/hal/dp_network.h. */
#include "hil/shim/board/hal.h"

static int64_t ask(const board_call* call) { return may_call() ? board_ask(call)->value : DP_ERR_STATE; }

static int32_t wifi_scan(dp_wifi_network* out, size_t capacity) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  const dustproof_wire_Result* result =
      board_ask(&(board_call){.function = dustproof_wire_Function_WIFI_SCAN, BOARD_INTEGERS(capacity)});
  for (size_t i = 0; i < result->networks_count && i < capacity; ++i) {
    const dustproof_wire_WifiNetwork* from = &result->networks[i];
    out[i] = (dp_wifi_network){.rssi_dbm = (int8_t)from->rssi_dbm,
                               .channel = (uint8_t)from->channel,
                               .encrypted = from->encrypted};
    if (from->ssid != NULL) strncpy(out[i].ssid, from->ssid, sizeof out[i].ssid - 1);
    if (from->bssid != NULL && from->bssid->size == 6) memcpy(out[i].bssid, from->bssid->bytes, 6);
  }
  return (int32_t)result->value;
}

static dp_status wifi_join(const char* ssid, const char* password, const char* host_name,
                           uint64_t timeout_us) {
  const uint64_t there = (ssid != NULL) | (password != NULL) << 1 | (host_name != NULL) << 2;
  return (dp_status)ask(&(board_call){.function = dustproof_wire_Function_WIFI_JOIN,
                                      BOARD_INTEGERS(there, timeout_us),
                                      .text = ssid,
                                      .text_2 = password,
                                      .text_3 = host_name});
}

static dp_status wifi_start_hotspot(const char* ssid, const char* passphrase) {
  const uint64_t there = (ssid != NULL) | (passphrase != NULL) << 1;
  return (dp_status)ask(&(board_call){.function = dustproof_wire_Function_WIFI_START_HOTSPOT,
                                      BOARD_INTEGERS(there),
                                      .text = ssid,
                                      .text_2 = passphrase});
}

static dp_status wifi_stop(void) {
  return (dp_status)ask(&(board_call){.function = dustproof_wire_Function_WIFI_STOP});
}

static dp_wifi_state wifi_state(void) {
  return may_call() ? (dp_wifi_state)ask(&(board_call){.function = dustproof_wire_Function_WIFI_STATE})
                    : DP_WIFI_OFF;
}

static uint32_t wifi_address(void) {
  return may_call() ? (uint32_t)ask(&(board_call){.function = dustproof_wire_Function_WIFI_ADDRESS}) : 0;
}

static int8_t wifi_rssi_dbm(void) {
  return may_call() ? (int8_t)ask(&(board_call){.function = dustproof_wire_Function_WIFI_RSSI}) : 0;
}

static const dp_wifi_v1 wifi_v1 = {wifi_scan,  wifi_join,    wifi_start_hotspot, wifi_stop,
                                   wifi_state, wifi_address, wifi_rssi_dbm};

static int32_t socket_resolve(const char* host, uint32_t* out, size_t capacity, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (host == NULL || out == NULL) return DP_ERR_INVALID;
  const dustproof_wire_Result* result = board_ask(&(board_call){
      .function = dustproof_wire_Function_SOCKET_RESOLVE, BOARD_INTEGERS(capacity, timeout_us), .text = host});
  for (size_t i = 0; i < result->integers_count && i < capacity; ++i) out[i] = (uint32_t)result->integers[i];
  return (int32_t)result->value;
}

static uint64_t word(int32_t value) { return (uint64_t)(int64_t)value; }

static int32_t socket_open(dp_socket_kind kind) {
  return (int32_t)ask(
      &(board_call){.function = dustproof_wire_Function_SOCKET_OPEN, BOARD_INTEGERS(word((int32_t)kind))});
}

static dp_status socket_connect(int32_t socket, dp_endpoint to, uint64_t timeout_us) {
  return (dp_status)ask(&(board_call){.function = dustproof_wire_Function_SOCKET_CONNECT,
                                      BOARD_INTEGERS(word(socket), to.address, to.port, timeout_us)});
}

static dp_status socket_bind(int32_t socket, uint16_t port) {
  return (dp_status)ask(
      &(board_call){.function = dustproof_wire_Function_SOCKET_BIND, BOARD_INTEGERS(word(socket), port)});
}

static int32_t socket_accept(int32_t listener, dp_endpoint* peer, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  const dustproof_wire_Result* result = board_ask(&(board_call){
      .function = dustproof_wire_Function_SOCKET_ACCEPT, BOARD_INTEGERS(word(listener), timeout_us)});
  if (result->value > 0 && peer != NULL)
    *peer = (dp_endpoint){(uint32_t)result_integer(result, 0), (uint16_t)result_integer(result, 1)};
  return (int32_t)result->value;
}

static int32_t socket_send(int32_t socket, const void* data, size_t bytes, uint64_t timeout_us) {
  if (data == NULL && bytes > 0) return DP_ERR_INVALID;
  return (int32_t)ask(&(board_call){.function = dustproof_wire_Function_SOCKET_SEND,
                                    BOARD_INTEGERS(word(socket), timeout_us),
                                    .data = data,
                                    .bytes = bytes});
}

static int32_t socket_receive(int32_t socket, void* out, size_t capacity, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  const dustproof_wire_Result* result =
      board_ask(&(board_call){.function = dustproof_wire_Function_SOCKET_RECEIVE,
                              BOARD_INTEGERS(word(socket), capacity, timeout_us)});
  copy_data(result, out, capacity);
  return (int32_t)result->value;
}

static int32_t socket_send_to(int32_t socket, dp_endpoint to, const void* data, size_t bytes) {
  if (data == NULL && bytes > 0) return DP_ERR_INVALID;
  return (int32_t)ask(&(board_call){.function = dustproof_wire_Function_SOCKET_SEND_TO,
                                    BOARD_INTEGERS(word(socket), to.address, to.port),
                                    .data = data,
                                    .bytes = bytes});
}

static int32_t socket_receive_from(int32_t socket, dp_endpoint* from, void* out, size_t capacity,
                                   uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  const dustproof_wire_Result* result =
      board_ask(&(board_call){.function = dustproof_wire_Function_SOCKET_RECEIVE_FROM,
                              BOARD_INTEGERS(word(socket), capacity, timeout_us)});
  copy_data(result, out, capacity);
  if (result->value >= 0 && from != NULL)
    *from = (dp_endpoint){(uint32_t)result_integer(result, 0), (uint16_t)result_integer(result, 1)};
  return (int32_t)result->value;
}

static dp_status socket_join_group(int32_t socket, uint32_t group) {
  return (dp_status)ask(
      &(board_call){.function = dustproof_wire_Function_SOCKET_JOIN_GROUP, BOARD_INTEGERS(word(socket), group)});
}

static dp_status socket_close(int32_t socket) {
  return (dp_status)ask(
      &(board_call){.function = dustproof_wire_Function_SOCKET_CLOSE, BOARD_INTEGERS(word(socket))});
}

static const dp_socket_v1 socket_v1 = {socket_resolve, socket_open,    socket_connect,      socket_bind,
                                       socket_accept,  socket_send,    socket_receive,      socket_send_to,
                                       socket_receive_from, socket_join_group, socket_close};

static int32_t uart_write(const void* data, size_t bytes) {
  if (data == NULL && bytes > 0) return DP_ERR_INVALID;
  return (int32_t)ask(
      &(board_call){.function = dustproof_wire_Function_UART_WRITE, .data = data, .bytes = bytes});
}

static int32_t uart_read(void* out, size_t capacity, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  const dustproof_wire_Result* result =
      board_ask(&(board_call){.function = dustproof_wire_Function_UART_READ, BOARD_INTEGERS(capacity, timeout_us)});
  copy_data(result, out, capacity);
  return (int32_t)result->value;
}

static const dp_uart_v1 uart_v1 = {uart_write, uart_read};

const board_interface board_network_interfaces[] = {
    {DP_WIFI, &wifi_v1}, {DP_SOCKET, &socket_v1}, {DP_UART, &uart_v1}, {NULL, NULL}};
