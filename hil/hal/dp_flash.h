/* Raw NOR flash. Erase sets a block's bytes to 0xFF; program can only clear bits, page by page.
 *
 * Power loss: an erase or program that is cut leaves its block or page in an undefined mix of old
 * and new bits, and disturbs nothing else. A call that returned DP_OK is durable. A block stands
 * `erase_cycles_max` erases, after which erase and program on it may fail with DP_ERR_IO. */
#ifndef DP_FLASH_H
#define DP_FLASH_H

#include "hil/hal/dp_types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dp_flash_info {
  uint32_t size_bytes;  /**< A multiple of block_bytes. */
  uint32_t block_bytes; /**< Smallest erase, e.g. 4096. */
  uint32_t page_bytes;  /**< Largest program, e.g. 256; a program may not cross a page's end. */
  uint32_t erase_cycles_max;
} dp_flash_info;

typedef struct dp_flash_v1 {
  dp_flash_info (*info)(void);
  /** Any range. DP_ERR_INVALID where it leaves the device. */
  dp_status (*read)(uint32_t address, void* out, size_t bytes);
  /** Within one page. Bits go from 1 to 0 only: programming over other data gives the AND.
   * Blocking, about 0.7 ms. */
  dp_status (*program)(uint32_t address, const void* data, size_t bytes);
  /** The block that begins at `address`. Blocking, about 45 ms. */
  dp_status (*erase)(uint32_t address);
} dp_flash_v1;

#ifdef __cplusplus
}
#endif
#endif
