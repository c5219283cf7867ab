/* A board with a network stack of its own: the robot's body by the HAL, the cloud by the kernel's sockets and by programs that know
 * nothing of us: DUSTPROOF_TEST_CLIENT is a command that talks to the cloud. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hil/hal/dp_hal.h"

static int tell(const char* host, const char* text) {
  const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  struct addrinfo* found = NULL;
  if (getaddrinfo(host, "80", &hints, &found) != 0) return 1;
  const int out = socket(AF_INET, SOCK_STREAM, 0);
  char request[512], answer[512];
  const int length = snprintf(request, sizeof request, "POST /collect HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n%s", host,
                              strlen(text), text);
  const int failed = connect(out, found->ai_addr, found->ai_addrlen) != 0 || write(out, request, (size_t)length) != length ||
                     read(out, answer, sizeof answer) < 12 || memcmp(answer, "HTTP/1.1 200", 12) != 0;
  freeaddrinfo(found);
  close(out);
  return failed;
}

static void shout(uint32_t address, uint16_t port, const char* text) {
  const int out = socket(AF_INET, SOCK_DGRAM, 0);
  const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}};
  sendto(out, text, strlen(text), 0, (const struct sockaddr*)&to, sizeof to);
  close(out);
}

static void firmware_main(void) {
  const dp_identity_v1* identity = dp_hal_query(DP_IDENTITY, 1);
  const dp_log_v1* log = dp_hal_query(DP_LOG, 1);
  const dp_clock_v1* hal_clock = dp_hal_query(DP_CLOCK, 1);
  char text[256];
  snprintf(text, sizeof text, "{\"sn\":\"%s\"}", identity->robot_id());
  if (tell("tracker.example", text) != 0) log->write(DP_LOG_ERROR, "no tracker");
  shout(0xCB007107, 9999, "a datagram to 203.0.113.7");
  const char* client = getenv("DUSTPROOF_TEST_CLIENT");
  if (client != NULL && system(client) != 0) log->write(DP_LOG_ERROR, "no cloud");
  log->write(DP_LOG_INFO, "has told them all");
  while (true) hal_clock->sleep_us(100000);
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "own_stack", "1", firmware_main};
