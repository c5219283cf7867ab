/* The robot's network interfaces, as libraries ask for them: the radio, and one that leads nowhere. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hil/shim/board/sockets.h"

enum { kLoopback = 1, kRadio = 2, kMtuBytes = 1500, kNetmask = 0xFFFFFF00 };

static const char* const names[] = {NULL, "lo", "wlan0"};

/* 0 where it is none. */
static unsigned index_of(const char* name) {
  for (unsigned i = kLoopback; i <= kRadio; ++i)
    if (strcmp(names[i], name) == 0) return i;
  return 0;
}

static uint32_t address_of(unsigned interface) {
  if (interface == kLoopback) return INADDR_LOOPBACK;
  const dp_wifi_v1* wifi = dp_hal_query(DP_WIFI, 1);
  return wifi == NULL ? 0 : wifi->address();
}

static uint32_t netmask_of(unsigned interface) { return interface == kLoopback ? 0xFF000000 : kNetmask; }

static const uint8_t* radio_mac(void) { return ((const dp_identity_v1*)dp_hal_query(DP_IDENTITY, 1))->mac(); }

static unsigned flags_of(unsigned interface) {
  if (interface == kLoopback) return IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
  const unsigned runs = address_of(interface) != 0 ? IFF_RUNNING : 0;
  return IFF_UP | IFF_BROADCAST | IFF_MULTICAST | runs;
}

static void put_address(struct sockaddr* to, uint32_t address) {
  const struct sockaddr_in internet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
  memcpy(to, &internet, sizeof internet);
}

static int give_address(unsigned interface, unsigned long request, struct ifreq* out) {
  const uint32_t own = address_of(interface), mask = netmask_of(interface);
  if (own == 0) return board_fail(EADDRNOTAVAIL);
  put_address(&out->ifr_addr, request == SIOCGIFADDR ? own : request == SIOCGIFNETMASK ? mask : own | ~mask);
  return 0;
}

static int give_mac(unsigned interface, struct ifreq* out) {
  memset(&out->ifr_hwaddr, 0, sizeof out->ifr_hwaddr);
  out->ifr_hwaddr.sa_family = interface == kRadio ? ARPHRD_ETHER : ARPHRD_LOOPBACK;
  if (interface == kRadio) memcpy(out->ifr_hwaddr.sa_data, radio_mac(), 6);
  return 0;
}

static int give_list(struct ifconf* out) {
  int count = 0;
  for (unsigned i = kLoopback; i <= kRadio; ++i) {
    const uint32_t own = address_of(i);
    if (own == 0 || (out->ifc_req != NULL && (size_t)out->ifc_len < (size_t)(count + 1) * sizeof(struct ifreq))) continue;
    if (out->ifc_req != NULL) {
      memset(&out->ifc_req[count], 0, sizeof(struct ifreq));
      strcpy(out->ifc_req[count].ifr_name, names[i]);
      put_address(&out->ifc_req[count].ifr_addr, own);
    }
    ++count;
  }
  out->ifc_len = count * (int)sizeof(struct ifreq);
  return 0;
}

static int give_name(struct ifreq* out) {
  if (out->ifr_ifindex < kLoopback || out->ifr_ifindex > kRadio) return board_fail(ENODEV);
  strcpy(out->ifr_name, names[out->ifr_ifindex]);
  return 0;
}

bool board_is_of_interfaces(unsigned long request) { return request >= SIOCGIFNAME && request <= SIOCSIFHWBROADCAST; }

int board_ask_interfaces(unsigned long request, void* argument) {
  if (request == SIOCGIFCONF) return give_list(argument);
  if (request == SIOCGIFNAME) return give_name(argument);
  struct ifreq* out = argument;
  const unsigned interface = index_of(out->ifr_name);
  if (interface == 0) return board_fail(ENODEV);
  switch (request) {
    case SIOCGIFADDR:
    case SIOCGIFNETMASK:
    case SIOCGIFBRDADDR: return give_address(interface, request, out);
    case SIOCGIFHWADDR: return give_mac(interface, out);
    case SIOCGIFFLAGS: return out->ifr_flags = (short)flags_of(interface), 0;
    case SIOCGIFINDEX: return out->ifr_ifindex = (int)interface, 0;
    case SIOCGIFMTU: return out->ifr_mtu = kMtuBytes, 0;
    default: return board_fail(EPERM); /* Nobody changes them but the HAL. */
  }
}

/* What getifaddrs gives: one block, which either's freeifaddrs frees. */
typedef struct interface_list {
  struct ifaddrs entries[3];
  char names[3][IFNAMSIZ];
  struct sockaddr_in addresses[2], masks[2], broadcasts[2];
  struct sockaddr_ll radio;
} interface_list;

static struct ifaddrs* add_entry(interface_list* list, size_t count, unsigned interface) {
  struct ifaddrs* entry = &list->entries[count];
  if (count > 0) list->entries[count - 1].ifa_next = entry;
  strcpy(list->names[count], names[interface]);
  entry->ifa_name = list->names[count];
  entry->ifa_flags = flags_of(interface);
  return entry;
}

static void describe(interface_list* list, struct ifaddrs* entry, unsigned interface) {
  const uint32_t own = address_of(interface), mask = netmask_of(interface);
  const unsigned i = interface - kLoopback;
  entry->ifa_addr = (struct sockaddr*)&list->addresses[i];
  entry->ifa_netmask = (struct sockaddr*)&list->masks[i];
  put_address(entry->ifa_addr, own);
  put_address(entry->ifa_netmask, mask);
  if (interface != kRadio) return;
  entry->ifa_broadaddr = (struct sockaddr*)&list->broadcasts[i];
  put_address(entry->ifa_broadaddr, own | ~mask);
}

int getifaddrs(struct ifaddrs** out) {
  if (!is_confined()) return REAL(getifaddrs)(out);
  interface_list* list = calloc(1, sizeof *list);
  if (list == NULL) return board_fail(ENOMEM);
  size_t count = 0;
  for (unsigned i = kLoopback; i <= kRadio; ++i)
    if (address_of(i) != 0) describe(list, add_entry(list, count++, i), i);
  list->radio = (struct sockaddr_ll){
      .sll_family = AF_PACKET, .sll_ifindex = kRadio, .sll_hatype = ARPHRD_ETHER, .sll_halen = 6};
  memcpy(list->radio.sll_addr, radio_mac(), 6);
  add_entry(list, count, kRadio)->ifa_addr = (struct sockaddr*)&list->radio;
  *out = list->entries;
  return 0;
}

unsigned if_nametoindex(const char* name) {
  if (!is_confined()) return REAL(if_nametoindex)(name);
  const unsigned found = index_of(name);
  if (found == 0) errno = ENODEV;
  return found;
}
