/* The HAL's sockets by the C library's, under a firmware that uses the HAL's: what it says must not change by it. Its calls of
 * dp_hal_query come here, by the compiler's command line. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#undef dp_hal_query
#include "hil/hal/dp_hal.h"

static int status_of_errno(void) {
  switch (errno) {
    case EAGAIN:
    case EINPROGRESS:
    case ETIMEDOUT: return DP_ERR_TIMEOUT;
    case ECONNREFUSED: return DP_ERR_REFUSED;
    case ENETUNREACH: return DP_ERR_UNREACHABLE;
    case EMFILE: return DP_ERR_FULL;
    default: return DP_ERR_CLOSED;
  }
}

/* A time of 0 means for ever there: the shortest takes its place. */
static void set_time(int socket, int name, uint64_t timeout_us) {
  const uint64_t us = timeout_us == DP_FOREVER ? 0 : timeout_us == 0 ? 1 : timeout_us;
  const struct timeval time = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};
  setsockopt(socket, SOL_SOCKET, name, &time, sizeof time);
}

static struct sockaddr_in to_posix(dp_endpoint from) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(from.port), .sin_addr.s_addr = htonl(from.address)};
}

static int32_t find(const char* host, uint32_t* out, size_t capacity, uint64_t timeout_us) {
  (void)timeout_us;
  const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  struct addrinfo* list;
  if (getaddrinfo(host, NULL, &hints, &list) != 0) return DP_ERR_UNREACHABLE;
  int32_t count = 0;
  for (const struct addrinfo* at = list; at != NULL && (size_t)count < capacity; at = at->ai_next) {
    struct sockaddr_in address;
    memcpy(&address, at->ai_addr, sizeof address);
    out[count++] = ntohl(address.sin_addr.s_addr);
  }
  freeaddrinfo(list);
  return count;
}

static int32_t open_one(dp_socket_kind kind) {
  const int made = socket(AF_INET, kind == DP_SOCKET_TCP ? SOCK_STREAM : SOCK_DGRAM, 0);
  return made < 0 ? status_of_errno() : made;
}

static dp_status connect_one(int32_t socket, dp_endpoint to, uint64_t timeout_us) {
  const struct sockaddr_in address = to_posix(to);
  set_time(socket, SO_SNDTIMEO, timeout_us);
  return connect(socket, (const struct sockaddr*)&address, sizeof address) == 0 ? DP_OK : (dp_status)status_of_errno();
}

static dp_status bind_one(int32_t socket, uint16_t port) {
  const struct sockaddr_in address = to_posix((dp_endpoint){0, port});
  const bool done = bind(socket, (const struct sockaddr*)&address, sizeof address) == 0 && listen(socket, 4) == 0;
  return done ? DP_OK : (dp_status)status_of_errno();
}

static int32_t accept_one(int32_t listener, dp_endpoint* peer, uint64_t timeout_us) {
  (void)peer;
  set_time(listener, SO_RCVTIMEO, timeout_us);
  const int made = accept(listener, NULL, NULL);
  return made < 0 ? status_of_errno() : made;
}

static int32_t send_some(int32_t socket, const void* data, size_t bytes, uint64_t timeout_us) {
  set_time(socket, SO_SNDTIMEO, timeout_us);
  const ssize_t sent = send(socket, data, bytes, MSG_NOSIGNAL);
  return sent < 0 ? status_of_errno() : (int32_t)sent;
}

static int32_t receive_some(int32_t socket, void* out, size_t capacity, uint64_t timeout_us) {
  set_time(socket, SO_RCVTIMEO, timeout_us);
  const ssize_t taken = recv(socket, out, capacity, timeout_us == 0 ? MSG_DONTWAIT : 0);
  return taken < 0 ? status_of_errno() : (int32_t)taken;
}

static dp_status close_one(int32_t socket) { return close(socket) == 0 ? DP_OK : DP_ERR_INVALID; }

static const dp_socket_v1 posix_socket = {.resolve = find,
                                          .open = open_one,
                                          .connect = connect_one,
                                          .bind = bind_one,
                                          .accept = accept_one,
                                          .send = send_some,
                                          .receive = receive_some,
                                          .close = close_one};

const void* posix_hal_query(const char* name, uint32_t version);
const void* posix_hal_query(const char* name, uint32_t version) {
  return strcmp(name, DP_SOCKET) == 0 ? &posix_socket : dp_hal_query(name, version);
}
