#include "robots/vacuum/firmware/store/flash_io.h"
#include "robots/vacuum/firmware/store/record_store.h"

// Unsafe: there is one copy of the record, and it is erased before the new one is written. Takes
// the place of the honest store at link time.
namespace vacuum {
namespace {

constexpr uint32_t kMagic = 0x4C505349;  // "ISPL"

}  // namespace

RecordStore::RecordStore(const dp_flash_v1& flash, uint32_t first_block, uint32_t blocks_per_bank)
    : flash_(flash),
      info_(flash.info()),
      first_address_(first_block * info_.block_bytes),
      blocks_per_bank_(blocks_per_bank) {}

RecordStore::Loaded RecordStore::Open() {
  Loaded loaded;
  Bytes bank(bank_bytes());
  if (flash_.read(first_address_, bank.data(), bank.size()) != DP_OK) return loaded;
  ByteReader in(bank);
  const uint32_t magic = in.U32(), length = in.U32(), crc = in.U32();
  if (magic != kMagic || length > in.left() || crc != Crc32(bank.data() + 12, length))
    return loaded;
  loaded.payload = Bytes(bank.begin() + 12, bank.begin() + 12 + static_cast<long>(length));
  return loaded;
}

bool RecordStore::Replace(const Bytes& payload) {
  ByteWriter out;
  out.U32(kMagic);
  out.U32(static_cast<uint32_t>(payload.size()));
  out.U32(Crc32(payload.data(), payload.size()));
  out.Raw(payload.data(), payload.size());
  return EraseRange(flash_, first_address_, bank_bytes()) &&
         ProgramVerified(flash_, first_address_, out.bytes());
}

bool RecordStore::Append(const Bytes& payload) { return Replace(payload); }
bool RecordStore::EraseAll() { return EraseRange(flash_, first_address_, bank_bytes()); }

}  // namespace vacuum
