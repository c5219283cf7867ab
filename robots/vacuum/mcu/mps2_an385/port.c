/* The port to Arm's MPS2 board with the AN385 image (Cortex-M3), as QEMU has it: start-up, UART 0, and a millisecond. */
#include <stdint.h>

#include "hil/shim/mcu/dp_mcu.h"

extern uint32_t _data_load, _data_begin, _data_end, _bss_begin, _bss_end, _stack_top;
int main(void);

#define REGISTER(address) (*(volatile uint32_t*)(address))
#define UART0_DATA REGISTER(0x40004000)
#define UART0_STATE REGISTER(0x40004004)
#define UART0_CTRL REGISTER(0x40004008)
#define UART0_BAUDDIV REGISTER(0x40004010)
#define SYSTICK_CSR REGISTER(0xE000E010)
#define SYSTICK_RVR REGISTER(0xE000E014)
#define SYSTICK_CVR REGISTER(0xE000E018)

enum { kClockHz = 25000000, kBaud = 115200, kTxFull = 1, kRxFull = 2 };

static volatile uint32_t milliseconds;

static void on_tick(void) { ++milliseconds; }

static void stand_still(void) {
  for (;;) {
  }
}

static void start(void) {
  const uint32_t* from = &_data_load;
  for (uint32_t* to = &_data_begin; to < &_data_end;) *to++ = *from++;
  for (uint32_t* to = &_bss_begin; to < &_bss_end;) *to++ = 0;
  UART0_BAUDDIV = kClockHz / kBaud;
  UART0_CTRL = 3; /* Sends and receives. */
  SYSTICK_RVR = kClockHz / 1000 - 1;
  SYSTICK_CVR = 0;
  SYSTICK_CSR = 7; /* On, with its interrupt, by the processor's clock. */
  main();
  stand_still();
}

/* Stack, reset, then the processor's exceptions; the last is SysTick's. */
__attribute__((section(".vectors"), used)) static const void* const vectors[16] = {
    &_stack_top,  start, stand_still, stand_still, stand_still, stand_still, stand_still, stand_still,
    stand_still, stand_still, stand_still, stand_still, stand_still, stand_still, stand_still, on_tick};

int dp_port_read(void) { return (UART0_STATE & kRxFull) != 0 ? (int)(UART0_DATA & 0xFF) : -1; }

void dp_port_write(uint8_t byte) {
  while ((UART0_STATE & kTxFull) != 0) {
  }
  UART0_DATA = byte;
}

uint32_t dp_port_ms(void) { return milliseconds; }
