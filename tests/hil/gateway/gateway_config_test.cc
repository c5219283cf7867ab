#include <gtest/gtest.h>

#include "hil/gateway/gateway.h"

namespace dustproof {
namespace {

TEST(GatewayConfigTest, AnInterfaceAloneHasTheHomesNetwork) {
  const Result<GatewayConfig> config = ParseGateway("eth1");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->interface, "eth1");
  EXPECT_EQ(config->lan.router, MakeAddress(192, 168, 1, 1));
  EXPECT_EQ(config->lan.broadcast(), MakeAddress(192, 168, 1, 255));
}

TEST(GatewayConfigTest, ItsAddressAndPrefixAreTaken) {
  const Result<GatewayConfig> config = ParseGateway("enx00e04c680001@10.42.3.129/25");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->interface, "enx00e04c680001");
  EXPECT_EQ(config->lan.broadcast(), MakeAddress(10, 42, 3, 255));
  EXPECT_TRUE(config->lan.contains(MakeAddress(10, 42, 3, 200)));
  EXPECT_FALSE(config->lan.contains(MakeAddress(10, 42, 3, 100)));
  EXPECT_EQ(ParseGateway("eth1@10.0.0.1")->lan.prefix_bits, 24);
}

TEST(GatewayConfigTest, WhatIsNoneIsRefused) {
  for (const char* text : {"", "@10.0.0.1", "a/b", "-x", "aninterfacenamethatistoolong", "eth1@", "eth1@10.0.0", "eth1@10.0.0.1/", "eth1@10.0.0.1/7",
                           "eth1@10.0.0.1/31", "eth1@10.0.0.1/24x", "eth1@10.0.0.0/24", "eth1@10.0.0.255/24", "eth1@10.0.0.1/24/3"})
    EXPECT_FALSE(ParseGateway(text).ok()) << text;
}

}  // namespace
}  // namespace dustproof
