#include "hil/link/zmq_on_demand.h"

#include <dlfcn.h>
#include <zmq.h>

#include <string>

#include "sim/core/check.h"

namespace dustproof {
namespace {

void* library = nullptr;

void* Find(const char* function) {
  DP_CHECK(library != nullptr);
  void* found = dlsym(library, function);
  DP_CHECK(found != nullptr);
  return found;
}

}  // namespace

Result<void> LoadZmq() {
  if (library == nullptr) library = dlopen("libzmq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return Error::Environment("firmware's processes and boards are reached by ZeroMQ, which cannot be loaded: " +
                              std::string(dlerror()) + " (the Debian package is libzmq5)");
  return {};
}

}  // namespace dustproof

// What the headers declare, by the loaded library's functions. The linker names one that is missing.
#define DUSTPROOF_ON_DEMAND(result, name, parameters, arguments)                                   \
  extern "C" result name parameters {                                                              \
    static auto* const function = reinterpret_cast<result(*) parameters>(dustproof::Find(#name)); \
    return function arguments;                                                                     \
  }

DUSTPROOF_ON_DEMAND(int, zmq_bind, (void* socket, const char* address), (socket, address))
DUSTPROOF_ON_DEMAND(int, zmq_close, (void* socket), (socket))
DUSTPROOF_ON_DEMAND(int, zmq_connect, (void* socket, const char* address), (socket, address))
DUSTPROOF_ON_DEMAND(void*, zmq_ctx_new, (), ())
DUSTPROOF_ON_DEMAND(int, zmq_ctx_set, (void* context, int option, int value), (context, option, value))
DUSTPROOF_ON_DEMAND(int, zmq_ctx_shutdown, (void* context), (context))
DUSTPROOF_ON_DEMAND(int, zmq_ctx_term, (void* context), (context))
DUSTPROOF_ON_DEMAND(int, zmq_curve_keypair, (char* public_key, char* secret_key), (public_key, secret_key))
DUSTPROOF_ON_DEMAND(int, zmq_curve_public, (char* public_key, const char* secret_key), (public_key, secret_key))
DUSTPROOF_ON_DEMAND(int, zmq_errno, (), ())
DUSTPROOF_ON_DEMAND(int, zmq_getsockopt, (void* socket, int option, void* value, size_t* bytes),
                    (socket, option, value, bytes))
DUSTPROOF_ON_DEMAND(int, zmq_msg_close, (zmq_msg_t* message), (message))
DUSTPROOF_ON_DEMAND(int, zmq_msg_copy, (zmq_msg_t* to, zmq_msg_t* from), (to, from))
DUSTPROOF_ON_DEMAND(void*, zmq_msg_data, (zmq_msg_t* message), (message))
DUSTPROOF_ON_DEMAND(const char*, zmq_msg_gets, (const zmq_msg_t* message, const char* property), (message, property))
DUSTPROOF_ON_DEMAND(int, zmq_msg_init, (zmq_msg_t* message), (message))
DUSTPROOF_ON_DEMAND(int, zmq_msg_init_size, (zmq_msg_t* message, size_t bytes), (message, bytes))
DUSTPROOF_ON_DEMAND(int, zmq_msg_more, (const zmq_msg_t* message), (message))
DUSTPROOF_ON_DEMAND(int, zmq_msg_move, (zmq_msg_t* to, zmq_msg_t* from), (to, from))
DUSTPROOF_ON_DEMAND(int, zmq_msg_recv, (zmq_msg_t* message, void* socket, int flags), (message, socket, flags))
DUSTPROOF_ON_DEMAND(int, zmq_msg_send, (zmq_msg_t* message, void* socket, int flags), (message, socket, flags))
DUSTPROOF_ON_DEMAND(size_t, zmq_msg_size, (const zmq_msg_t* message), (message))
DUSTPROOF_ON_DEMAND(int, zmq_poll, (zmq_pollitem_t* items, int count, long timeout_ms), (items, count, timeout_ms))
DUSTPROOF_ON_DEMAND(int, zmq_recv, (void* socket, void* data, size_t bytes, int flags), (socket, data, bytes, flags))
DUSTPROOF_ON_DEMAND(int, zmq_send, (void* socket, const void* data, size_t bytes, int flags),
                    (socket, data, bytes, flags))
DUSTPROOF_ON_DEMAND(int, zmq_setsockopt, (void* socket, int option, const void* value, size_t bytes),
                    (socket, option, value, bytes))
DUSTPROOF_ON_DEMAND(void*, zmq_socket, (void* context, int type), (context, type))
DUSTPROOF_ON_DEMAND(int, zmq_socket_monitor, (void* socket, const char* address, int events), (socket, address, events))
DUSTPROOF_ON_DEMAND(const char*, zmq_strerror, (int number), (number))
DUSTPROOF_ON_DEMAND(int, zmq_unbind, (void* socket, const char* address), (socket, address))
DUSTPROOF_ON_DEMAND(uint8_t*, zmq_z85_decode, (uint8_t* data, const char* text), (data, text))
DUSTPROOF_ON_DEMAND(char*, zmq_z85_encode, (char* text, const uint8_t* data, size_t bytes), (text, data, bytes))
