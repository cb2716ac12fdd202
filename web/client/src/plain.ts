import "./style";
