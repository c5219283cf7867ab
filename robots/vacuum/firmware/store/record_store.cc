#include "robots/vacuum/firmware/store/record_store.h"

#include <algorithm>
#include <cstring>

#include "robots/vacuum/firmware/store/flash_io.h"

namespace vacuum {
namespace {

constexpr uint32_t kMagic = 0x54535044;  // "DPST"

// A version found in a bank.
struct Version {
  uint32_t sequence = 0;
  Bytes payload;
};

// Reads the version that begins at `offset`, if a whole one does.
std::optional<Version> ReadVersion(const Bytes& bank, size_t offset, size_t overhead_bytes) {
  ByteReader header(bank.data() + offset, bank.size() - offset);
  if (header.U32() != kMagic) return std::nullopt;
  Version version;
  version.sequence = header.U32();
  const size_t length = header.U32();
  if (!header.ok() || length > bank.size() - offset ||
      length + overhead_bytes > bank.size() - offset)
    return std::nullopt;
  const uint8_t* first = bank.data() + offset;
  ByteReader crc(first + 12 + length, 4);
  if (crc.U32() != Crc32(first, 12 + length)) return std::nullopt;
  version.payload.assign(first + 12, first + 12 + length);
  return version;
}

size_t RoundUp(size_t value, size_t step) { return (value + step - 1) / step * step; }

}  // namespace

RecordStore::RecordStore(const dp_flash_v1& flash, uint32_t first_block, uint32_t blocks_per_bank)
    : flash_(flash),
      info_(flash.info()),
      first_address_(first_block * info_.block_bytes),
      blocks_per_bank_(blocks_per_bank) {}

Bytes RecordStore::ReadBank(int bank) const {
  Bytes bytes(bank_bytes());
  // A bank that can't be read holds no version that could be trusted; it reads as garbage, hence as
  // torn.
  if (flash_.read(BankAddress(bank), bytes.data(), bytes.size()) != DP_OK)
    std::fill(bytes.begin(), bytes.end(), uint8_t{0});
  return bytes;
}

RecordStore::Loaded RecordStore::Open() {
  Loaded loaded;
  sequence_ = 0;
  bool garbage[2] = {};
  bool blank[2] = {};
  uint32_t end[2] = {};
  for (int bank = 0; bank < 2; ++bank) {
    const Bytes bytes = ReadBank(bank);
    size_t used = 0;  // Up to the last byte that is not as erased.
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != 0xFF) used = i + 1;
    }
    blank[bank] = used == 0;
    end[bank] = static_cast<uint32_t>(RoundUp(used, info_.page_bytes));
    for (size_t at = 0; at < used;) {
      const auto version = ReadVersion(bytes, at, kOverheadBytes);
      if (!version) {
        garbage[bank] = true;
        at += info_.page_bytes;
        continue;
      }
      if (version->sequence > sequence_) {
        sequence_ = version->sequence;
        loaded.payload = version->payload;
        bank_ = bank;
      }
      at += RoundUp(version->payload.size() + kOverheadBytes, info_.page_bytes);
    }
  }
  loaded.torn = garbage[0] || garbage[1];
  if (!loaded.payload) {
    bank_ = 0;
    if (!blank[0]) EraseBank(0);
    end[0] = 0;
  }
  // Whatever the other bank holds is older, or was never finished.
  if (!blank[1 - bank_]) EraseBank(1 - bank_);
  end_offset_ = end[bank_];
  return loaded;
}

bool RecordStore::WriteAt(int bank, uint32_t offset, const Bytes& payload) {
  ByteWriter record;
  record.U32(kMagic);
  record.U32(sequence_ + 1);
  record.U32(static_cast<uint32_t>(payload.size()));
  record.Raw(payload.data(), payload.size());
  record.U32(Crc32(record.bytes().data(), record.bytes().size()));
  if (!ProgramVerified(flash_, BankAddress(bank) + offset, record.bytes())) return false;
  ++sequence_;
  bank_ = bank;
  end_offset_ = static_cast<uint32_t>(RoundUp(offset + record.bytes().size(), info_.page_bytes));
  return true;
}

bool RecordStore::Append(const Bytes& payload) {
  if (payload.size() > payload_bytes_max()) return false;
  if (end_offset_ + payload.size() + kOverheadBytes > bank_bytes()) return Replace(payload);
  const uint32_t offset = end_offset_;
  // Pages that a failed write touched are not used again before an erase.
  end_offset_ =
      static_cast<uint32_t>(RoundUp(offset + payload.size() + kOverheadBytes, info_.page_bytes));
  return WriteAt(bank_, offset, payload) || Replace(payload);
}

bool RecordStore::Replace(const Bytes& payload) {
  if (payload.size() > payload_bytes_max()) return false;
  const int old_bank = bank_;
  const int new_bank = 1 - bank_;
  if (!BlankRange(flash_, BankAddress(new_bank), bank_bytes()) && !EraseBank(new_bank))
    return false;
  if (!WriteAt(new_bank, 0, payload)) return false;
  return EraseBank(old_bank);
}

bool RecordStore::EraseAll() {
  const bool other = EraseBank(1 - bank_);
  const bool newest = EraseBank(bank_);
  end_offset_ = 0;
  return other && newest;
}

bool RecordStore::EraseBank(int bank) {
  return EraseRange(flash_, BankAddress(bank), bank_bytes());
}

}  // namespace vacuum
