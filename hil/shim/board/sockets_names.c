/* Host names, by the HAL's resolver. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hil/shim/board/sockets.h"

enum { kAddressesMax = 16, kLookUpUs = 10000000 };

static const struct {
  const char* name;
  uint16_t port;
} services[] = {{"http", 80},    {"https", 443},        {"mqtt", 1883}, {"secure-mqtt", 8883}, {"domain", 53}, {"ntp", 123},
                {"coap", 5683}, {"coaps", 5684}, {"ftp", 21}, {"ssh", 22}, {"telnet", 23}, {"syslog", 514}, {"mdns", 5353}};

/* Its port, or -1. */
static int port_of(const char* service, bool number_only) {
  if (service == NULL || *service == '\0') return 0;
  char* end;
  const unsigned long number = strtoul(service, &end, 10);
  if (*end == '\0') return number <= UINT16_MAX ? (int)number : -1;
  for (size_t i = 0; !number_only && i < sizeof services / sizeof services[0]; ++i)
    if (strcmp(services[i].name, service) == 0) return services[i].port;
  return -1;
}

/* What a name becomes. */
typedef struct found {
  uint32_t addresses[kAddressesMax];
  int count;
} found;

/* 0 or EAI_…. */
static int look_up(const char* host, int flags, found* out) {
  struct in_addr literal;
  out->count = 1;
  if (host == NULL) {
    out->addresses[0] = (flags & AI_PASSIVE) != 0 ? INADDR_ANY : INADDR_LOOPBACK;
    return 0;
  }
  if (inet_aton(host, &literal) != 0) {
    out->addresses[0] = ntohl(literal.s_addr);
    return 0;
  }
  if ((flags & AI_NUMERICHOST) != 0 || strchr(host, ':') != NULL) return EAI_NONAME;
  const dp_socket_v1* hal = board_socket_hal();
  out->count = hal == NULL ? DP_ERR_ABSENT : hal->resolve(host, out->addresses, kAddressesMax, kLookUpUs);
  if (out->count > 0) return 0;
  return out->count == DP_ERR_TIMEOUT ? EAI_AGAIN : EAI_NONAME;
}

/* The C library's own shape: one block of the heap with the address behind, so that either's freeaddrinfo frees either's. */
static struct addrinfo* make_info(uint32_t address, uint16_t port, int type) {
  struct block {
    struct addrinfo info;
    struct sockaddr_in address;
  }* made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  made->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
  made->info = (struct addrinfo){.ai_family = AF_INET,
                                 .ai_socktype = type,
                                 .ai_protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
                                 .ai_addrlen = sizeof made->address,
                                 .ai_addr = (struct sockaddr*)&made->address};
  return &made->info;
}

void freeaddrinfo(struct addrinfo* first) {
  while (first != NULL) {
    struct addrinfo* next = first->ai_next;
    free(first->ai_canonname);
    free(first);
    first = next;
  }
}

static bool fits(int type, const struct addrinfo* hints) {
  if (hints->ai_socktype != 0 && hints->ai_socktype != type) return false;
  return hints->ai_protocol == 0 || hints->ai_protocol == (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
}

/* 0 or EAI_…. */
static int make_list(const found* from, uint16_t port, const struct addrinfo* hints, struct addrinfo** out) {
  static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
  struct addrinfo** end = out;
  for (int i = 0; i < from->count; ++i) {
    for (int k = 0; k < 2; ++k) {
      if (!fits(types[k], hints)) continue;
      *end = make_info(from->addresses[i], port, types[k]);
      if (*end == NULL) return EAI_MEMORY;
      end = &(*end)->ai_next;
    }
  }
  return *out == NULL ? EAI_SOCKTYPE : 0;
}

int getaddrinfo(const char* restrict host, const char* restrict service, const struct addrinfo* restrict hints,
                struct addrinfo** restrict out) {
  if (!is_confined()) return REAL(getaddrinfo)(host, service, hints, out);
  const struct addrinfo any = {.ai_family = AF_UNSPEC};
  if (hints == NULL) hints = &any;
  if (host == NULL && service == NULL) return EAI_NONAME;
  if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET) return hints->ai_family == AF_INET6 ? EAI_NONAME : EAI_FAMILY;
  const int port = port_of(service, (hints->ai_flags & AI_NUMERICSERV) != 0);
  if (port < 0) return EAI_SERVICE;
  found addresses;
  *out = NULL;
  int failed = look_up(host, hints->ai_flags, &addresses);
  if (failed == 0) failed = make_list(&addresses, (uint16_t)port, hints, out);
  if (failed == 0 && (hints->ai_flags & AI_CANONNAME) != 0 && host != NULL) (*out)->ai_canonname = strdup(host);
  if (failed == 0) return 0;
  freeaddrinfo(*out);
  *out = NULL;
  return failed;
}

/* Addresses have no names here. */
int getnameinfo(const struct sockaddr* restrict address, socklen_t bytes, char* restrict host, socklen_t host_room,
                char* restrict service, socklen_t service_room, int flags) {
  if (!is_confined()) return REAL(getnameinfo)(address, bytes, host, host_room, service, service_room, flags);
  if ((flags & NI_NAMEREQD) != 0) return EAI_NONAME;
  return REAL(getnameinfo)(address, bytes, host, host_room, service, service_room, flags | NI_NUMERICHOST | NI_NUMERICSERV);
}

/* A hostent and what it points to. */
typedef struct host_block {
  struct in_addr addresses[kAddressesMax];
  char* list[kAddressesMax + 1];
  char* none[1];
  char name[254];
} host_block;

/* 0, or h_errno. */
static int fill_host(const char* name, struct hostent* out, host_block* block) {
  found addresses;
  const int failed = look_up(name, 0, &addresses);
  if (failed != 0) return failed == EAI_AGAIN ? TRY_AGAIN : HOST_NOT_FOUND;
  memset(block, 0, sizeof *block);
  snprintf(block->name, sizeof block->name, "%s", name);
  for (int i = 0; i < addresses.count; ++i) {
    block->addresses[i].s_addr = htonl(addresses.addresses[i]);
    block->list[i] = (char*)&block->addresses[i];
  }
  *out = (struct hostent){.h_name = block->name,
                          .h_aliases = block->none,
                          .h_addrtype = AF_INET,
                          .h_length = sizeof(struct in_addr),
                          .h_addr_list = block->list};
  return 0;
}

struct hostent* gethostbyname(const char* name) {
  static struct hostent host;
  static host_block block;
  if (!is_confined()) return REAL(gethostbyname)(name);
  h_errno = fill_host(name, &host, &block);
  return h_errno == 0 ? &host : NULL;
}

struct hostent* gethostbyname2(const char* name, int family) {
  if (!is_confined()) return REAL(gethostbyname2)(name, family);
  if (family == AF_INET) return gethostbyname(name);
  h_errno = HOST_NOT_FOUND;
  return NULL;
}

int gethostbyname_r(const char* restrict name, struct hostent* restrict out, char* restrict room, size_t bytes,
                    struct hostent** restrict result, int* restrict error) {
  if (!is_confined()) return REAL(gethostbyname_r)(name, out, room, bytes, result, error);
  *result = NULL;
  const size_t skip = -(uintptr_t)room % _Alignof(host_block);
  if (bytes < skip + sizeof(host_block)) return ERANGE;
  *error = fill_host(name, out, (host_block*)(void*)(room + skip));
  if (*error == 0) *result = out;
  return 0;
}
