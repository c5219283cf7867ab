#include "hil/link/serial_device.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace dustproof {
namespace {

namespace fs = std::filesystem;

TEST(SerialLineTest, HasADeviceAndABaudRate) {
  const auto is = [](const std::string& endpoint, const std::string& device, unsigned baud) {
    const Result<SerialLine> line = ParseSerialLine(endpoint);
    ASSERT_TRUE(line.ok()) << ToString(line.error());
    EXPECT_EQ(line->device, device);
    EXPECT_EQ(line->baud, baud);
  };
  is("serial:/dev/ttyUSB0", "/dev/ttyUSB0", 115200);
  is("serial:usb=A50285BI@921600", "usb=A50285BI", 921600);
  is("serial:path=pci-0000:00:14.0-usb-0:2:1.0@9600", "path=pci-0000:00:14.0-usb-0:2:1.0", 9600);
  is("serial:path=platform-soc@107c000000-usb-0:1:1.0", "path=platform-soc@107c000000-usb-0:1:1.0", 115200);
}

TEST(SerialLineTest, SaysWhatIsWrong) {
  const auto why = [](const std::string& endpoint) {
    const Result<SerialLine> line = ParseSerialLine(endpoint);
    if (line) return std::string("nothing");
    EXPECT_EQ(line.error().code, ErrorCode::kBadInput);
    return ToString(line.error());
  };
  EXPECT_NE(why("serial:usb=A5@fast").find("after '@' comes the baud rate"), std::string::npos);
  EXPECT_NE(why("serial:/dev/ttyUSB0@").find("after '@' comes the baud rate"), std::string::npos);
  EXPECT_NE(why("serial:/dev/ttyUSB0@99999999999").find("after '@' comes the baud rate"), std::string::npos);
  for (const char* nameless : {"serial:", "serial:usb=", "serial:path=@9600"}) EXPECT_NE(why(nameless).find("which device"), std::string::npos) << nameless;
  EXPECT_NE(why("usb=A5").find("serial:usb=NUMBER@BAUD"), std::string::npos);
}

class FindSerialDeviceTest : public testing::Test {
 protected:
  FindSerialDeviceTest() {
    std::string path = fs::temp_directory_path() / "dustproof-serial-XXXXXX";
    root_ = mkdtemp(path.data());
    folders_ = {.by_id = root_ + "/by-id", .by_path = root_ + "/by-path"};
    fs::create_directories(folders_.by_id);
    fs::create_directories(folders_.by_path);
  }
  ~FindSerialDeviceTest() override { fs::remove_all(root_); }

  void Plug(const std::string& id, const std::string& place) {
    std::ofstream(folders_.by_id + "/" + id);
    std::ofstream(folders_.by_path + "/" + place);
  }
  std::string Find(const std::string& device) {
    const Result<std::string> found = FindSerialDevice(device, folders_);
    if (found) return fs::path(*found).filename();
    EXPECT_EQ(found.error().code, ErrorCode::kEnvironment);
    return ToString(found.error());
  }

  std::string root_;
  SerialFolders folders_;
};

TEST_F(FindSerialDeviceTest, TakesTheAdapterWithTheNumberWhereverItIs) {
  Plug("usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0", "pci-0000:00:14.0-usb-0:2:1.0-port0");
  Plug("usb-FTDI_FT232R_USB_UART_A9999999-if00-port0", "pci-0000:00:14.0-usb-0:2.1:1.0-port0");
  EXPECT_EQ(Find("usb=A50285BI"), "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0");
  EXPECT_EQ(FindSerialDevice("usb=A50285BI", folders_)->find(folders_.by_id), 0u);
  EXPECT_EQ(Find("path=pci-0000:00:14.0-usb-0:2:1.0"), "pci-0000:00:14.0-usb-0:2:1.0-port0");
  EXPECT_EQ(Find("path=pci-0000:00:14.0-usb-0:2.1:1.0-port0"), "pci-0000:00:14.0-usb-0:2.1:1.0-port0");
  EXPECT_EQ(*FindSerialDevice("/dev/ttyS7", folders_), "/dev/ttyS7");
}

// Or the wrong board is flashed on the day that the right one is unplugged.
TEST_F(FindSerialDeviceTest, TakesNoPartOfANumberForIt) {
  Plug("usb-1a86_USB_Serial_41-if00-port0", "pci-0000:00:14.0-usb-0:21:1.0");
  EXPECT_NE(Find("usb=1").find("no serial device with the USB serial number '1'"), std::string::npos);
  EXPECT_NE(Find("usb=4").find("no serial device"), std::string::npos);
  EXPECT_NE(Find("path=pci-0000:00:14.0-usb-0:2").find("no serial device at"), std::string::npos);
}

TEST_F(FindSerialDeviceTest, SaysWhatIsThereInstead) {
  EXPECT_NE(Find("usb=A50285BI").find("lists none at all; is it plugged in?"), std::string::npos);
  Plug("usb-FTDI_Quad_A50285BI-if00-port0", "pci-1-port0");
  Plug("usb-FTDI_Quad_A50285BI-if01-port0", "pci-1-port1");
  const std::string two = Find("usb=A50285BI");
  EXPECT_NE(two.find("more than one serial device with the USB serial number 'A50285BI'"), std::string::npos);
  EXPECT_NE(two.find("A50285BI-if00-port0, usb-FTDI_Quad_A50285BI-if01-port0; give more of its name"), std::string::npos);
  EXPECT_EQ(Find("usb=A50285BI-if01"), "usb-FTDI_Quad_A50285BI-if01-port0");
  EXPECT_NE(Find("path=pci-1").find("more than one serial device at 'pci-1'"), std::string::npos);
  EXPECT_NE(Find("path=pci-2").find("which lists pci-1-port0, pci-1-port1: is it plugged in?"), std::string::npos);
}

}  // namespace
}  // namespace dustproof
