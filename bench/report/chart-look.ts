/** Opaque in light and dark mode, so that it is legible on any page. */
export const look = `
text { font-family: -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-size: 12px; fill: #1f2733 }
.title { font-size: 20px; font-weight: 700 }
.case { font-size: 13px; font-weight: 600 }
.small { fill: #5a6675 }
.label { fill: #3c4756 }
.value { font-size: 11.5px; fill: #1f2733 }
.fails { font-size: 11.5px; font-style: italic; fill: #b3541e }
.right { text-anchor: end }
.paper { fill: #ffffff; stroke: #d7dde4 }
.one { stroke: #8a95a3 }
.ahead { fill: #2a8f85 }
.even { fill: #a3adb8 }
.behind { fill: #d9822b }
@media (prefers-color-scheme: dark) {
text, .value { fill: #e3e8ee }
.small { fill: #98a4b3 }
.label { fill: #c2cad4 }
.fails { fill: #f0a06a }
.paper { fill: #14191f; stroke: #303a46 }
.one { stroke: #76828f }
.ahead { fill: #3fb3a7 }
.even { fill: #6b7683 }
.behind { fill: #e39a4a }
}
`;
