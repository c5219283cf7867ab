/* A firmware that knows nothing of the HAL's sockets: it is paired as the bouncer is, and then tries the C library's. What is not
 * as it should be ends it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "robots/bouncer/firmware/bouncer.h"

struct hal hal;

void log_line(dp_log_level level, const char* format, ...) {
  (void)level;
  (void)format;
}

#define CHECK(kept)                                                                          \
  do {                                                                                       \
    if (!(kept)) {                                                                           \
      fprintf(stderr, "line %d is not so: %s (errno %d)\n", __LINE__, #kept, errno);         \
      abort();                                                                               \
    }                                                                                        \
  } while (false)
#define FAILS(call, error) CHECK((call) == -1 && errno == (error))

static const char request[] = "GET / HTTP/1.1\r\nHost: plain.example\r\nConnection: close\r\n\r\n";

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static struct sockaddr_in address_of(const char* host, const char* service, int type) {
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = type};
  struct addrinfo* list;
  CHECK(getaddrinfo(host, service, &hints, &list) == 0);
  CHECK(list->ai_family == AF_INET && list->ai_next == NULL && list->ai_socktype == type);
  struct sockaddr_in address;
  memcpy(&address, list->ai_addr, sizeof address);
  freeaddrinfo(list);
  return address;
}

static int connect_to(const struct sockaddr_in* to, int flags) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, IPPROTO_TCP);
  CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
  if (flags == 0) {
    CHECK(connect(fd, (const struct sockaddr*)to, sizeof *to) == 0);
  } else {
    FAILS(connect(fd, (const struct sockaddr*)to, sizeof *to), EINPROGRESS);
    FAILS(connect(fd, (const struct sockaddr*)to, sizeof *to), EALREADY);
  }
  return fd;
}

static void names(void) {
  struct addrinfo* list;
  CHECK(getaddrinfo("192.168.7.9", "8883", NULL, &list) == 0);
  CHECK(list->ai_socktype == SOCK_STREAM && list->ai_next->ai_socktype == SOCK_DGRAM);
  CHECK(((struct sockaddr_in*)(void*)list->ai_addr)->sin_addr.s_addr == inet_addr("192.168.7.9"));
  freeaddrinfo(list);
  CHECK(getaddrinfo("plain.example", "no such service", NULL, &list) == EAI_SERVICE);
  const struct addrinfo six = {.ai_family = AF_INET6};
  CHECK(getaddrinfo("plain.example", "80", &six, &list) == EAI_NONAME);
  FAILS(socket(AF_INET6, SOCK_STREAM, 0), EAFNOSUPPORT);
  struct hostent* host = gethostbyname("plain.example");
  const struct sockaddr_in same = address_of("plain.example", "http", SOCK_STREAM);
  CHECK(host != NULL && memcmp(host->h_addr_list[0], &same.sin_addr, 4) == 0 && ntohs(same.sin_port) == 80);
}

static void read_answer(int fd) {
  char text[64] = "";
  CHECK(recv(fd, text, 4, MSG_PEEK) == 4 && memcmp(text, "HTTP", 4) == 0);
  int bytes_there = 0;
  CHECK(ioctl(fd, FIONREAD, &bytes_there) == 0 && bytes_there > 4);
  CHECK(recv(fd, text, 5, MSG_WAITALL) == 5);
  char more[2][4];
  const struct iovec parts[] = {{more[0], 4}, {more[1], 4}};
  CHECK(readv(fd, parts, 2) == 8);
  size_t total = 13;
  ssize_t count;
  while ((count = read(fd, text, sizeof text)) > 0) total += (size_t)count;
  CHECK(count == 0 && total > 40); /* To the peer's end. */
}

static void stream_that_waits(void) {
  const struct sockaddr_in to = address_of("plain.example", "80", SOCK_STREAM);
  const int64_t begin_ms = now_ms();
  const int fd = connect_to(&to, 0);
  CHECK(now_ms() > begin_ms + 20); /* There and back. */
  struct sockaddr_in address;
  socklen_t bytes = sizeof address;
  CHECK(getpeername(fd, (struct sockaddr*)&address, &bytes) == 0 && address.sin_addr.s_addr == to.sin_addr.s_addr);
  CHECK(getsockname(fd, (struct sockaddr*)&address, &bytes) == 0 && ntohl(address.sin_addr.s_addr) == hal.wifi->address());
  const int on = 1;
  int value = 0;
  bytes = sizeof value;
  CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
  CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &bytes) == 0 && value == 1);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &bytes) == 0 && value == SOCK_STREAM);
  const struct timeval short_time = {.tv_usec = 300000};
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof short_time) == 0);
  char byte;
  const int64_t asked_ms = now_ms();
  FAILS(recv(fd, &byte, 1, 0), EAGAIN);
  CHECK(now_ms() == asked_ms + 300);
  FAILS(recv(fd, &byte, 1, MSG_DONTWAIT), EAGAIN);
  CHECK(now_ms() == asked_ms + 300);
  FAILS(dup(fd), EMFILE);
  const struct timeval for_ever = {0};
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof for_ever) == 0);
  CHECK(write(fd, request, 10) == 10);
  const struct iovec rest[] = {{(void*)(request + 10), 5}, {(void*)(request + 15), sizeof request - 1 - 15}};
  CHECK(writev(fd, rest, 2) == (ssize_t)sizeof request - 1 - 10);
  read_answer(fd);
  CHECK(close(fd) == 0);
  FAILS(close(fd), EBADF);
}

static void await_connect(int fd) {
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  CHECK(poll(&wait, 1, 0) == 0);
  CHECK(poll(&wait, 1, 5000) == 1 && wait.revents == POLLOUT);
  int error = -1;
  socklen_t bytes = sizeof error;
  CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 && error == 0);
}

static void stream_that_polls(void) {
  const struct sockaddr_in to = address_of("polled.example", "80", SOCK_STREAM);
  const int fd = connect_to(&to, SOCK_NONBLOCK);
  await_connect(fd);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  const int64_t begin_ms = now_ms();
  CHECK(poll(&wait, 1, 250) == 0 && now_ms() == begin_ms + 250);
  char text[256];
  FAILS(read(fd, text, sizeof text), EAGAIN);
  CHECK(send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1);
  size_t total = 0;
  ssize_t count = -1;
  while (poll(&wait, 1, 5000) == 1 && (count = recv(fd, text, sizeof text, 0)) > 0) total += (size_t)count;
  CHECK(count == 0 && total > 40);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
  close(fd);
}

/* More than the robot's buffer holds: it is written as room comes. */
static void stream_that_is_full(void) {
  const struct sockaddr_in to = address_of("polled.example", "80", SOCK_STREAM);
  const int fd = connect_to(&to, SOCK_NONBLOCK);
  const int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.u32 = 7};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  CHECK(epoll_wait(epoll, &event, 1, 5000) == 1 && event.data.u32 == 7 && event.events == EPOLLOUT);
  char head[] = "POST / HTTP/1.1\r\nHost: polled.example\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n";
  CHECK(send(fd, head, sizeof head - 1, 0) == sizeof head - 1);
  static char body[60000];
  size_t sent = 0;
  int waits = 0;
  while (sent < sizeof body) {
    const ssize_t count = send(fd, body + sent, sizeof body - sent, 0);
    if (count > 0) {
      sent += (size_t)count;
      continue;
    }
    CHECK(errno == EAGAIN);
    ++waits;
    CHECK(epoll_wait(epoll, &event, 1, 5000) == 1);
  }
  CHECK(waits > 1 && waits < 1000);
  event = (struct epoll_event){.events = EPOLLIN, .data.u32 = 8};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0);
  CHECK(epoll_wait(epoll, &event, 1, 20000) == 1 && event.data.u32 == 8 && event.events == EPOLLIN);
  char text[16];
  CHECK(recv(fd, text, 4, 0) == 4 && memcmp(text, "HTTP", 4) == 0);
  close(fd);
  close(epoll);
}

static void nobody_there(void) {
  const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(4444), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  FAILS(connect(fd, (const struct sockaddr*)&here, sizeof here), ECONNREFUSED);
  FAILS(connect(fd, (const struct sockaddr*)&here, sizeof here), ECONNREFUSED); /* It may try again. */
  signal(SIGPIPE, SIG_IGN);
  FAILS(write(fd, "x", 1), EPIPE);
  close(fd);
}

/* The router lets nobody see its pages. */
static void refused_later(void) {
  const struct sockaddr_in router = {
      .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl((hal.wifi->address() & ~255u) | 1)};
  const int fd = connect_to(&router, SOCK_NONBLOCK);
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  CHECK(poll(&wait, 1, 5000) == 1 && (wait.revents & POLLOUT) != 0);
  int error = 0;
  socklen_t bytes = sizeof error;
  CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 && error == ECONNREFUSED);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 && error == 0);
  close(fd);
}

/* SNTP, by datagrams. */
static void ask_the_time(void) {
  const struct sockaddr_in to = address_of("ntp.example", "ntp", SOCK_DGRAM);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  uint8_t question[48] = {0x23}, answer[64];
  CHECK(sendto(fd, question, sizeof question, 0, (const struct sockaddr*)&to, sizeof to) == sizeof question);
  fd_set in;
  FD_ZERO(&in);
  FD_SET(fd, &in);
  struct timeval wait = {.tv_sec = 3};
  CHECK(select(fd + 1, &in, NULL, NULL, &wait) == 1 && FD_ISSET(fd, &in));
  struct sockaddr_in from;
  socklen_t bytes = sizeof from;
  CHECK(recvfrom(fd, answer, sizeof answer, MSG_PEEK, (struct sockaddr*)&from, &bytes) == 48);
  CHECK(from.sin_addr.s_addr == to.sin_addr.s_addr && from.sin_port == htons(123));
  struct iovec part = {answer, 20};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  CHECK(recvmsg(fd, &message, 0) == 20 && (message.msg_flags & MSG_TRUNC) != 0);
  FD_SET(fd, &in);
  wait = (struct timeval){.tv_usec = 700000};
  const int64_t begin_ms = now_ms();
  CHECK(select(fd + 1, &in, NULL, NULL, &wait) == 0 && now_ms() == begin_ms + 700);
  FAILS(sendto(fd, question, 1473, 0, (const struct sockaddr*)&to, sizeof to), EMSGSIZE);
  close(fd);
}

/* A question of its own making to the home's resolver, past getaddrinfo. */
static void ask_for_a_name(void) {
  static const uint8_t question[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03own\x07"
                                    "example\x00\x00\x01\x00\x01";
  const struct sockaddr_in router = {
      .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl((hal.wifi->address() & ~255u) | 1)};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP);
  CHECK(connect(fd, (const struct sockaddr*)&router, sizeof router) == 0);
  CHECK(send(fd, question, sizeof question - 1, 0) == sizeof question - 1);
  struct pollfd wait = {.fd = fd, .events = POLLIN | POLLOUT};
  CHECK(poll(&wait, 1, 3000) == 1 && wait.revents == POLLOUT);
  wait.events = POLLIN;
  CHECK(poll(&wait, 1, 3000) == 1);
  uint8_t answer[512];
  CHECK(recv(fd, answer, sizeof answer, 0) > (ssize_t)sizeof question && answer[0] == 0x12 && answer[1] == 0x34);
  close(fd);
}

static void shout(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(6666), .sin_addr.s_addr = INADDR_BROADCAST};
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in own = {.sin_family = AF_INET};
  socklen_t bytes = sizeof own;
  CHECK(bind(fd, (const struct sockaddr*)&own, sizeof own) == 0);
  CHECK(getsockname(fd, (struct sockaddr*)&own, &bytes) == 0 && own.sin_port != 0);
  FAILS(sendto(fd, "hello", 5, 0, (const struct sockaddr*)&to, sizeof to), EACCES);
  const int on = 1;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0);
  CHECK(sendto(fd, "hello neighbours", 16, 0, (const struct sockaddr*)&to, sizeof to) == 16);
  const struct ip_mreq group = {.imr_multiaddr.s_addr = inet_addr("239.1.2.3")};
  CHECK(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0);
  close(fd);
}

static void listen_in_vain(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(8080)};
  const int on = 1;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  CHECK(bind(fd, (const struct sockaddr*)&own, sizeof own) == 0 && listen(fd, 4) == 0);
  FAILS(bind(other, (const struct sockaddr*)&own, sizeof own), EADDRINUSE);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  const int64_t begin_ms = now_ms();
  CHECK(poll(&wait, 1, 1500) == 0 && now_ms() == begin_ms + 1500);
  const struct timeval second = {.tv_sec = 1};
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) == 0);
  FAILS(accept(fd, NULL, NULL), EAGAIN);
  CHECK(now_ms() == begin_ms + 2500);
  close(fd);
  close(other);
}

static int wake_up;

static void* wake(void* unused) {
  (void)unused;
  usleep(40000);
  CHECK(write(wake_up, &(uint64_t){1}, 8) == 8);
  return NULL;
}

/* A socket and an eventfd in one wait. */
static void mixed(void) {
  const struct sockaddr_in to = address_of("plain.example", "80", SOCK_STREAM);
  const int fd = connect_to(&to, 0);
  wake_up = eventfd(0, 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, wake, NULL) == 0);
  struct pollfd waits[] = {{.fd = fd, .events = POLLIN}, {.fd = wake_up, .events = POLLIN}};
  const int64_t begin_ms = now_ms();
  CHECK(poll(waits, 2, 2000) == 1 && waits[0].revents == 0 && waits[1].revents == POLLIN);
  CHECK(now_ms() == begin_ms + 40);
  CHECK(read(wake_up, &(uint64_t){0}, 8) == 8);
  CHECK(send(fd, request, sizeof request - 1, 0) == sizeof request - 1);
  CHECK(poll(waits, 2, 2000) == 1 && waits[0].revents == POLLIN);
  pthread_join(thread, NULL);
  close(wake_up);
  close(fd);
}

/* Who looks again and again without a wait sees it come, too. */
static void stream_that_spins(void) {
  const struct sockaddr_in to = address_of("plain.example", "80", SOCK_STREAM);
  const int fd = connect_to(&to, 0);
  CHECK(send(fd, request, sizeof request - 1, 0) == sizeof request - 1);
  char text[16];
  while (recv(fd, text, sizeof text, MSG_DONTWAIT) < 0) CHECK(errno == EAGAIN);
  CHECK(memcmp(text, "HTTP", 4) == 0);
  close(fd);
}

/* Timers among descriptors. */
static void timers(void) {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), udp = socket(AF_INET, SOCK_DGRAM, 0);
  const struct itimerspec each_ten = {.it_value.tv_nsec = 35000000, .it_interval.tv_nsec = 10000000};
  struct itimerspec left;
  uint64_t count = 0;
  const int64_t begin_ms = now_ms();
  CHECK(timerfd_settime(fd, 0, &each_ten, NULL) == 0);
  struct pollfd waits[] = {{.fd = udp, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
  CHECK(poll(waits, 2, 1000) == 1 && waits[1].revents == POLLIN && now_ms() == begin_ms + 35);
  CHECK(read(fd, &count, sizeof count) == sizeof count && count == 1);
  CHECK(read(fd, &count, sizeof count) == sizeof count && count == 1 && now_ms() == begin_ms + 45);
  CHECK(poll(waits + 1, 1, 5) == 0 && now_ms() == begin_ms + 50);
  usleep(30000);
  CHECK(timerfd_gettime(fd, &left) == 0 && left.it_value.tv_nsec <= 5000000 && left.it_value.tv_nsec > 4900000 && left.it_interval.tv_nsec == 10000000);
  CHECK(read(fd, &count, sizeof count) == sizeof count && count == 3 && now_ms() == begin_ms + 80);
  close(udp);
  CHECK(poll(waits + 1, 1, 1000) == 1 && now_ms() == begin_ms + 85);
  const struct itimerspec never = {0};
  CHECK(timerfd_settime(fd, 0, &never, NULL) == 0 && poll(waits + 1, 1, 100) == 0);
  close(fd);
}

static void interfaces(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq radio = {.ifr_name = "wlan0"};
  CHECK(ioctl(fd, SIOCGIFHWADDR, &radio) == 0 && memcmp(radio.ifr_hwaddr.sa_data, hal.identity->mac(), 6) == 0);
  CHECK(ioctl(fd, SIOCGIFADDR, &radio) == 0);
  CHECK(ntohl(((struct sockaddr_in*)(void*)&radio.ifr_addr)->sin_addr.s_addr) == hal.wifi->address());
  FAILS(ioctl(fd, SIOCSIFADDR, &radio), EPERM);
  struct ifreq list[4];
  struct ifconf all = {.ifc_len = sizeof list, .ifc_req = list};
  CHECK(ioctl(fd, SIOCGIFCONF, &all) == 0 && all.ifc_len == 2 * sizeof list[0] && strcmp(list[1].ifr_name, "wlan0") == 0);
  close(fd);
  struct ifaddrs *first, *last;
  CHECK(getifaddrs(&first) == 0);
  for (last = first; last->ifa_next != NULL; last = last->ifa_next) CHECK(last->ifa_addr->sa_family == AF_INET);
  CHECK(last->ifa_addr->sa_family == AF_PACKET && strcmp(last->ifa_name, "wlan0") == 0);
  freeifaddrs(first);
  CHECK(if_nametoindex("wlan0") == 2 && if_nametoindex("eth0") == 0);
}

/* The last of all: the network goes. */
static void without_network(void) {
  const struct sockaddr_in to = address_of("plain.example", "80", SOCK_STREAM);
  const int fd = connect_to(&to, 0);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  CHECK(poll(&wait, 1, 0) == 0);
  hal.wifi->stop();
  CHECK(poll(&wait, 1, 10000) == 1 && (wait.revents & (POLLIN | POLLHUP)) == (POLLIN | POLLHUP));
  char byte;
  FAILS(recv(fd, &byte, 1, 0), ECONNRESET);
  CHECK(recv(fd, &byte, 1, 0) == 0);
  FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
  close(fd);
  const int other = socket(AF_INET, SOCK_STREAM, 0);
  FAILS(connect(other, (const struct sockaddr*)&to, sizeof to), ENETUNREACH);
  close(other);
}

static void pairs(void) {
  int pair[2];
  char text[6];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  CHECK(send(pair[0], "inside", 6, 0) == 6 && recv(pair[1], text, 6, 0) == 6);
  close(pair[0]);
  close(pair[1]);
}

static void run(void) {
  hal.clock = dp_hal_query(DP_CLOCK, 1);
  hal.log = dp_hal_query(DP_LOG, 1);
  hal.random = dp_hal_query(DP_RANDOM, 1);
  hal.identity = dp_hal_query(DP_IDENTITY, 1);
  hal.flash = dp_hal_query(DP_FLASH, 1);
  hal.wifi = dp_hal_query(DP_WIFI, 1);
  hal.socket = dp_hal_query(DP_SOCKET, 1);
  struct addrinfo* list;
  CHECK(getaddrinfo("early.example", "80", NULL, &list) == EAI_NONAME); /* There is no network yet. */
  serve_setup();
  CHECK(hal.wifi->join(settings.ssid, settings.wifi_password, NULL, 20 * SECOND_US) == DP_OK);
  names();
  stream_that_waits();
  stream_that_polls();
  stream_that_is_full();
  stream_that_spins();
  nobody_there();
  refused_later();
  ask_the_time();
  ask_for_a_name();
  shout();
  listen_in_vain();
  mixed();
  pairs();
  interfaces();
  timers();
  for (int i = 0; i < 100; ++i) close(socket(AF_INET, SOCK_DGRAM, 0)); /* None is lost. */
  without_network();
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "plain_sockets", "1", run};
