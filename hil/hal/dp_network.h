/* Wi-Fi, sockets and the serial console. Addresses are IPv4 in host byte order: 192.168.4.1 is
 * 0xC0A80401. */
#ifndef DP_NETWORK_H
#define DP_NETWORK_H

#include "hil/hal/dp_types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dp_wifi_state {
  DP_WIFI_OFF = 0,
  DP_WIFI_CONNECTING = 1,
  DP_WIFI_CONNECTED = 2,
  DP_WIFI_HOTSPOT = 3,
  DP_WIFI_LOST = 4
} dp_wifi_state;

typedef struct dp_wifi_network {
  char ssid[33];
  uint8_t bssid[6];
  int8_t rssi_dbm;
  uint8_t channel;
  bool encrypted;
} dp_wifi_network;

typedef struct dp_wifi_v1 {
  /** Blocking, about 2 s: networks in range, the neighbours' too. Returns how many were written, at
   * most `capacity`. */
  int32_t (*scan)(dp_wifi_network* out, size_t capacity);
  /** Blocking: joins as a station and gets an address by DHCP under `host_name` (NULL: none sent).
   * DP_OK, DP_ERR_REFUSED (password), DP_ERR_UNREACHABLE (no such network), DP_ERR_TIMEOUT. Ends a
   * hotspot. */
  dp_status (*join)(const char* ssid, const char* password, const char* host_name,
                    uint64_t timeout_us);
  /** Opens the robot's own hotspot: robot at 192.168.4.1/24. WPA2 with `passphrase` (8–63
   * characters), open where NULL. */
  dp_status (*start_hotspot)(const char* ssid, const char* passphrase);
  /** Leaves the network or closes the hotspot. */
  dp_status (*stop)(void);
  dp_wifi_state (*state)(void);
  /** Own IPv4 address, 0 where there is none. */
  uint32_t (*address)(void);
  int8_t (*rssi_dbm)(void);
} dp_wifi_v1;

typedef enum dp_socket_kind { DP_SOCKET_TCP = 1, DP_SOCKET_UDP = 2 } dp_socket_kind;

typedef struct dp_endpoint {
  uint32_t address;
  uint16_t port;
} dp_endpoint;

/** TCP and UDP. At most 32 open sockets. */
typedef struct dp_socket_v1 {
  /** Looks a host name up (A records). Blocking. Returns how many addresses were written, at most
   * `capacity`. */
  int32_t (*resolve)(const char* host, uint32_t* out, size_t capacity, uint64_t timeout_us);
  /** Returns the handle (above 0) or a dp_status. */
  int32_t (*open)(dp_socket_kind kind);
  /** TCP; blocking. DP_OK, DP_ERR_REFUSED, DP_ERR_TIMEOUT, DP_ERR_UNREACHABLE. After a time-out the
   * attempt is still under way: the same call again waits on. */
  dp_status (*connect)(int32_t socket, dp_endpoint to, uint64_t timeout_us);
  /** Port 0 picks one. TCP sockets also listen. */
  dp_status (*bind)(int32_t socket, uint16_t port);
  /** TCP listener; blocking. Returns the new socket or a dp_status; `peer` may be NULL. */
  int32_t (*accept)(int32_t listener, dp_endpoint* peer, uint64_t timeout_us);
  /** TCP; blocking until all bytes are queued or the time-out. Returns how many were taken. */
  int32_t (*send)(int32_t socket, const void* data, size_t bytes, uint64_t timeout_us);
  /** TCP; blocking until at least one byte. Returns the count; 0 when the peer has closed. */
  int32_t (*receive)(int32_t socket, void* out, size_t capacity, uint64_t timeout_us);
  /** UDP, at most 1472 bytes. 255.255.255.255 broadcasts, 224.0.0.0/4 multicasts. */
  int32_t (*send_to)(int32_t socket, dp_endpoint to, const void* data, size_t bytes);
  /** UDP; blocking. Returns the datagram's length (cut at `capacity`). */
  int32_t (*receive_from)(int32_t socket, dp_endpoint* from, void* out, size_t capacity,
                          uint64_t timeout_us);
  /** UDP: also receives what is sent to this multicast group. */
  dp_status (*join_group)(int32_t socket, uint32_t group);
  dp_status (*close)(int32_t socket);
} dp_socket_v1;

/** The serial console on the board's pads: an emission, since anyone who opens the robot can read
 * it. */
typedef struct dp_uart_v1 {
  int32_t (*write)(const void* data, size_t bytes);
  /** Blocking. Returns the count. */
  int32_t (*read)(void* out, size_t capacity, uint64_t timeout_us);
} dp_uart_v1;

#ifdef __cplusplus
}
#endif
#endif
