#include "robots/vacuum/firmware/store/settings_store.h"

#include <algorithm>

namespace vacuum {
namespace {

// Settings need about 0.5 KB; a bank of 4 KB takes several versions before an erase.
constexpr uint32_t kBankBytesMin = 4096;

uint32_t BlocksPerBank(const dp_flash_info& info) {
  return (kBankBytesMin + info.block_bytes - 1) / info.block_bytes;
}

uint32_t BlocksPerMapSlot(const dp_flash_info& info) {
  const uint32_t blocks = info.size_bytes / info.block_bytes;
  const uint32_t settings = 2 * BlocksPerBank(info);
  return blocks > settings ? (blocks - settings) / 2 : 0;
}

}  // namespace

SettingsStore::SettingsStore(const Platform& hal)
    : hal_(hal),
      lock_(*hal.clock),
      records_(*hal.flash, 0, BlocksPerBank(hal.flash->info())),
      map_(*hal.flash, 2 * BlocksPerBank(hal.flash->info()), BlocksPerMapSlot(hal.flash->info())) {}

void SettingsStore::Open() {
  TaskLock::Scope scope(lock_);
  const RecordStore::Loaded loaded = records_.Open();
  const auto settings = loaded.payload ? Settings::Parse(*loaded.payload) : std::nullopt;
  current_ = settings.value_or(Settings{});
  if (current_.reset_due) {
    current_ = Settings{};
    map_.Erase();
    records_.EraseAll();
    return;
  }
  if (current_.map_erase_due) {
    map_.Erase();
    current_.map_erase_due = false;
    Store(current_);
  }
  if (loaded.torn && settings) {
    hal_.Warn(
        "a write of the settings was cut: optional consents count as unset until the cloud tells "
        "again");
    for (const Consent consent :
         {Consent::kMapUpload, Consent::kImprove, Consent::kDeviceId, Consent::kLocation}) {
      if (current_.consents.Granted(consent)) current_.consents.Set(consent, ConsentState::kUnset);
    }
    records_.Replace(current_.Serialize());
  }
}

bool SettingsStore::Store(const Settings& next) {
  const Bytes bytes = next.Serialize();
  return current_.LeavesSecretBehind(next) ? records_.Replace(bytes) : records_.Append(bytes);
}

bool SettingsStore::Update(const std::function<void(Settings&)>& change) {
  TaskLock::Scope scope(lock_);
  Settings next = current_;
  change(next);
  current_.consents = current_.consents.TightenedBy(next.consents);
  if (!Store(next)) {
    hal_.Log(DP_LOG_ERROR, "settings could not be stored");
    return false;
  }
  current_ = next;
  return true;
}

void SettingsStore::SetUnderWay(bool under_way) {
  if (current_.under_way == under_way) return;
  Update([under_way](Settings& settings) { settings.under_way = under_way; });
}

std::optional<Bytes> SettingsStore::LoadMap() {
  TaskLock::Scope scope(lock_);
  return map_.Load();
}

bool SettingsStore::SaveMap(const std::function<Bytes()>& make) {
  TaskLock::Scope scope(lock_);
  return map_.Save(make());
}

bool SettingsStore::EraseMap() {
  TaskLock::Scope scope(lock_);
  Settings due = current_;
  due.map_erase_due = true;
  const bool noted = Store(due);
  const bool erased = map_.Erase();
  return Store(current_) && noted && erased;
}

bool SettingsStore::FactoryReset() {
  TaskLock::Scope scope(lock_);
  current_ = Settings{};
  ++reset_count_;
  Settings due;
  due.reset_due = true;
  // The note of the reset outlives every secret: only when all else is erased does it go.
  const bool noted = records_.Replace(due.Serialize());
  const bool map_erased = map_.Erase();
  return records_.EraseAll() && noted && map_erased;
}

}  // namespace vacuum
